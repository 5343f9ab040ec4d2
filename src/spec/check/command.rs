//! Programs that are providers: their command lines and the variables that they see.

use super::super::argument::Argument;
use super::super::tree::Node;
use super::super::walk::missing;
use super::Check;

impl Check<'_> {
    /// The keys of a `command` provider.
    pub(super) fn command(&mut self, node: &Node<'_>) {
        match node.get("command") {
            Some(command) => self.arguments(&command),
            None => {
                if !node.mistypes(&["command"]) {
                    let help = "write `command = [\"prog\", \"arg\"]`; the prompt goes to its standard input";
                    self.faults.push(missing(node, "command").help(help));
                }
            }
        }
        for variable in node.get("env").iter().flat_map(Node::items) {
            // What else is no name may be a key, and is refused as one.
            if variable.text() == Some("") {
                let message = "an environment variable has a name";
                self.faults.push(variable.fault("empty", message));
            }
        }
    }

    fn arguments(&mut self, command: &Node<'_>) {
        for (index, node) in command.items().enumerate() {
            let Some(text) = node.text() else { continue };
            if index == 0 && text.trim().is_empty() {
                let message = "the program has no name";
                let help = "the first text is the program, such as `claude` or `/usr/bin/env`";
                self.faults.push(node.fault("empty", message).help(help));
                continue;
            }
            match Argument::parse(text) {
                Ok(argument) if index == 0 && !argument.is_text() => {
                    let message = "which program runs is for the spec alone to say";
                    let help = "`{{ prompt }}` and `{{ model }}` stand in its arguments";
                    let fault = node.fault("bad_command", message).help(help);
                    self.faults.push(fault);
                }
                Ok(_) => {}
                Err(fault) => {
                    let mut found = node.fault("bad_command", fault.to_string());
                    if let Some(help) = fault.help() {
                        found = found.help(help);
                    }
                    self.faults.push(found);
                }
            }
        }
    }
}
