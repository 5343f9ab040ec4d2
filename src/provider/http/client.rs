//! The HTTP clients: built when a request first needs one, shared by all providers of a context.
//!
//! A redirect is never followed, for keys would travel with it; a request is never repeated
//! unseen. Plain HTTP has a client of its own, which needs no CA certificates and costs nothing
//! to build.

use crate::event::ErrorKind;
use crate::provider::CallError;
use reqwest::redirect::Policy;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A server that does not take a connection for this long is not there.
const CONNECT: Duration = Duration::from_secs(20);

/// A connection that was not used for this long is not used again. Many servers close theirs after
/// five seconds, and a request that meets the close is lost.
const IDLE: Duration = Duration::from_secs(3);

/// The two clients, each once it was needed.
pub(in crate::provider) struct Clients {
    proxies: Proxies,
    /// Whether connections without TLS are kept too.
    keeps_plain: bool,
    plain: Mutex<Option<reqwest::Client>>,
    secure: Mutex<Option<reqwest::Client>>,
}

/// Which proxies there are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proxies {
    /// None; those of the process and its system are passed over.
    Ignored,
    /// Those of the system, if any.
    System,
    /// Those that the environment names; one may itself want TLS.
    Named,
}

impl Clients {
    /// Clients that use no proxy.
    pub(in crate::provider) fn direct() -> Self {
        Self::new(Proxies::Ignored)
    }

    /// Clients that use the system's proxies; `named` tells whether the environment has some.
    pub(in crate::provider) fn through_proxies(named: bool) -> Self {
        Self::new(if named {
            Proxies::Named
        } else {
            Proxies::System
        })
    }

    fn new(proxies: Proxies) -> Self {
        Self {
            proxies,
            keeps_plain: false,
            plain: Mutex::new(None),
            secure: Mutex::new(None),
        }
    }

    /// The same, with connections without TLS kept as those with it are.
    #[cfg(test)]
    pub(in crate::provider) fn keeping_plain(self) -> Self {
        Self {
            keeps_plain: true,
            ..self
        }
    }

    /// The client for URLs of `scheme`.
    pub(super) fn get(&self, scheme: &str) -> Result<reqwest::Client, CallError> {
        let plain = scheme == "http" && self.proxies != Proxies::Named;
        let place = if plain { &self.plain } else { &self.secure };
        let mut client = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let built = self.build(plain)?;
        Ok(client.insert(built).clone())
    }

    fn build(&self, plain: bool) -> Result<reqwest::Client, CallError> {
        // Refused where a provider is installed already, which then serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("council/", env!("CARGO_PKG_VERSION")));
        if plain {
            // A new connection costs next to nothing without TLS. Small servers, which speak plain
            // HTTP, are those that close theirs without a word, under the next request.
            builder = builder.tls_certs_only([]);
            if !self.keeps_plain {
                builder = builder.pool_max_idle_per_host(0);
            }
        }
        if self.proxies == Proxies::Ignored {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|cause| {
            CallError::new(
                ErrorKind::Network,
                format!(
                    "no HTTPS client can be made: {}; install the system's CA certificates, or name them in SSL_CERT_FILE",
                    super::body::root(&cause)
                ),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clients_can_be_built() {
        let clients = Clients::direct();
        clients.get("http").expect("no CA certificates are needed");
        clients.get("https").expect("this system's CA certificates");
    }
}
