//! `-vv`: what goes to models and comes back, for whoever debugs at night, without keys.

use crate::common::TestEnv;
use crate::common::server::{Do, Server, reply};

const KEY: &str = "sk-quite-secret-0123456789";

/// A server that answers in one piece and echoes the key, as bad gateways do.
fn echo() -> Server {
    Server::start(|_, _| {
        let body = format!(
            r#"{{"choices":[{{"finish_reason":"stop","message":{{"content":"Yes. {KEY}"}}}}]}}"#
        );
        vec![Do::Send(reply(
            200,
            "Set-Cookie: session=very-private\r\n",
            "application/json",
            &body,
        ))]
    })
}

fn said(verbosity: &[&str]) -> (String, u16) {
    let server = echo();
    let env = TestEnv::new();
    let spec = format!(
        "name = \"lab\"\n[providers.lab]\nkind = \"openai\"\nstream = false\n\
         base_url = \"http://127.0.0.1:{}/v1\"\napi_key_env = \"LAB_KEY\"\n\
         [[member]]\nid = \"ada\"\nmodel = \"lab/m\"\n",
        server.port
    );
    env.write("lab.toml", spec);
    let args = ["run", "./lab.toml", "--input", "Which \u{1b}[2Jway?"];
    let ran = env.run_as(&[("LAB_KEY", KEY)], args.iter().chain(verbosity));
    ran.assert_code(0);
    (ran.stderr(), server.port)
}

#[test]
fn the_wire_is_shown_with_the_call_it_belongs_to_and_without_keys() {
    let (told, port) = said(&["-vv"]);
    for line in [
        &format!("0.ada.answer > POST http://127.0.0.1:{port}/v1/chat/completions"),
        "0.ada.answer > authorization: [redacted]",
        "0.ada.answer > {\"model\":\"m\",\"messages\":",
        "0.ada.answer < 200 OK",
        "0.ada.answer < set-cookie: [redacted]",
        "0.ada.answer < {\"choices\":",
    ] {
        assert!(told.contains(line), "`{line}` is not in\n{told}");
    }
    assert!(!told.contains("quite-secret"), "{told}");
    assert!(!told.contains("very-private"), "{told}");
    assert!(!told.contains('\u{1b}'), "{told:?}");
}

#[test]
fn a_rehearsal_shows_what_a_model_would_get() {
    let env = TestEnv::new();
    env.write(
        "team.toml",
        "name = \"team\"\n[[member]]\nid = \"ada\"\nmodel = \"rehearsal/any\"\n",
    );
    let ran = env.run(["run", "./team.toml", "--input", "Which way?", "-vv"]);
    let told = ran.assert_code(0).stderr();
    for line in [
        "0.ada.answer > {\"role\":\"user\",\"content\":\"Which way?",
        "0.ada.answer < \"[rehearsal] ",
    ] {
        assert!(told.contains(line), "`{line}` is not in\n{told}");
    }
}

#[test]
fn less_verbosity_shows_no_wire() {
    for verbosity in [&[][..], &["-v"], &["-q", "-vv"]] {
        let (told, _) = said(verbosity);
        assert!(!told.contains("POST"), "{verbosity:?}: {told}");
    }
}
