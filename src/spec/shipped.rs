//! The councils that come with the program.

/// A council that is in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// The name by which it is run.
    pub name: &'static str,
    /// Its spec.
    pub document: &'static str,
}

/// The councils of these names, each with its file.
macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        &[$(Shipped {
            name: $name,
            document: include_str!(concat!("../../councils/", $name, ".toml")),
        }),+]
    };
}

/// All of them.
pub const SHIPPED: &[Shipped] = shipped![
    "quickstart",
    "karpathy",
    "panel",
    "voting",
    "specialist",
    "tournament",
    "consensus",
    "weighted-consensus",
    "jury",
    "debate",
    "design-review",
    "code-review",
    "local",
    "local-commands",
];

impl Shipped {
    /// The council of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        SHIPPED.iter().find(|shipped| shipped.name == name)
    }
}
