//! The councils that come with the program, each held to its end on the rehearsal provider.

use crate::common::TestEnv;
use council::spec::SHIPPED;

#[test]
fn every_shipped_council_completes_on_rehearsals() {
    let env = TestEnv::new();
    for shipped in SHIPPED {
        let name = shipped.name;
        // Whatever else it says, its rehearsals take no time.
        let at_once = "\n[providers.rehearsal]\ndelay = \"0s\"\n";
        let file = format!("./{name}.toml");
        env.write(&file, format!("{}{at_once}", shipped.document));
        let args = [
            "run",
            &file,
            "--model",
            "rehearsal/any",
            "--format",
            "json",
            "--input",
        ];
        let ran = env.run_with(args, "+ let x = 1;\n");
        let result = ran.assert_code(0).json();
        assert_eq!(result["council"], name);
        assert_eq!(result["status"], "completed", "{name}");
        assert_eq!(result["answer_by"], "chair", "{name}");
        assert_eq!(result["missing"], serde_json::json!([]), "{name}");
        let rounds = result["rounds"].as_array().expect("its rounds");
        for (member, status) in rounds
            .iter()
            .flat_map(|round| round["statuses"].as_object().expect("statuses"))
        {
            assert_eq!(status, "ok", "{name}: {member}");
        }
    }
}

#[test]
fn every_shipped_council_is_valid_by_its_name() {
    let env = TestEnv::new();
    for shipped in SHIPPED {
        let ran = env.run(["validate", shipped.name]);
        ran.assert_code(0);
        let begins = format!("{}: valid", shipped.name);
        assert!(ran.stdout().starts_with(&begins), "{}", ran.snapshot());
    }
}
