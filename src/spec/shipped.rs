//! The councils that come with the program.

/// A council that is in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// The name by which it is run.
    pub name: &'static str,
    /// Its spec.
    pub document: &'static str,
}

/// All of them.
pub const SHIPPED: &[Shipped] = &[
    Shipped {
        name: "quickstart",
        document: include_str!("../../councils/quickstart.toml"),
    },
    Shipped {
        name: "karpathy",
        document: include_str!("../../councils/karpathy.toml"),
    },
    Shipped {
        name: "panel",
        document: include_str!("../../councils/panel.toml"),
    },
    Shipped {
        name: "voting",
        document: include_str!("../../councils/voting.toml"),
    },
    Shipped {
        name: "specialist",
        document: include_str!("../../councils/specialist.toml"),
    },
    Shipped {
        name: "tournament",
        document: include_str!("../../councils/tournament.toml"),
    },
    Shipped {
        name: "consensus",
        document: include_str!("../../councils/consensus.toml"),
    },
    Shipped {
        name: "weighted-consensus",
        document: include_str!("../../councils/weighted-consensus.toml"),
    },
    Shipped {
        name: "jury",
        document: include_str!("../../councils/jury.toml"),
    },
    Shipped {
        name: "debate",
        document: include_str!("../../councils/debate.toml"),
    },
    Shipped {
        name: "design-review",
        document: include_str!("../../councils/design-review.toml"),
    },
    Shipped {
        name: "code-review",
        document: include_str!("../../councils/code-review.toml"),
    },
    Shipped {
        name: "local",
        document: include_str!("../../councils/local.toml"),
    },
    Shipped {
        name: "local-commands",
        document: include_str!("../../councils/local-commands.toml"),
    },
];

impl Shipped {
    /// The council of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        SHIPPED.iter().find(|shipped| shipped.name == name)
    }
}
