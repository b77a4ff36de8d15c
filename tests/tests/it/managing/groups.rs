//! Groups: positions are 0, 1, 2 … after every change.

use serde_json::{Value, json};

use super::Scene;

fn groups(scene: &mut Scene) -> Vec<(String, i64, Vec<String>)> {
    let shown = scene.json.result("collections.show", json!({"collection": "default"}));
    let group = |group: &Value| {
        let members = group["members"].as_array().expect("members").iter();
        (
            group["name"].as_str().expect("a name").to_owned(),
            group["position"].as_i64().expect("a number"),
            members.map(|member| member.as_str().expect("text").to_owned()).collect(),
        )
    };
    shown["groups"].as_array().expect("groups").iter().map(group).collect()
}

#[test]
fn each_change_of_a_group_and_back() {
    let mut scene = Scene::new(|sandbox| sandbox.collection("default").fill(&["skill:a", "command:b", "agent:c"]));
    for name in ["one", "two"] {
        scene.there_and_back("groups.create", json!({"group": name, "description": "d", "color": "red", "icon": "i"}));
    }
    scene.there_and_back("groups.add", json!({"group": "one", "members": ["a", "command:b"]}));
    scene.there_and_back("groups.add", json!({"group": "one", "members": ["agent:c"], "at": 1}));
    scene.unchanged("groups.add", json!({"group": "one", "members": ["skill:a"]}));
    let want = ["skill:a", "agent:c", "command:b"].map(str::to_owned).to_vec();
    assert_eq!(groups(&mut scene)[0], ("one".into(), 0, want));
    let item = scene.refused("groups.add", json!({"group": "one", "members": ["skill:a", "skill:x", "y"]}));
    assert!(item["message"].as_str().expect("why").contains("skill:x, y"), "{item}");
    let order = json!({"group": "one", "members": ["command:b", "skill:a", "agent:c"]});
    scene.there_and_back("groups.reorder", order.clone());
    scene.unchanged("groups.reorder", order);
    scene.refused("groups.reorder", json!({"group": "one", "members": ["command:b"]}));
    scene.there_and_back("groups.remove", json!({"group": "one", "members": ["skill:a"]}));
    scene.refused("groups.remove", json!({"group": "one", "members": ["skill:a"]}));
    scene.there_and_back("groups.copy", json!({"group": "one", "to": "three"}));
    scene.refused("groups.copy", json!({"group": "one", "to": "two"}));
    scene.there_and_back("groups.move", json!({"group": "three", "to": 0}));
    scene.unchanged("groups.move", json!({"group": "three", "to": 0}));
    scene.there_and_back("groups.rename", json!({"group": "two", "to": "second"}));
    scene.refused("groups.rename", json!({"group": "second", "to": "one"}));
    scene.there_and_back("groups.delete", json!({"group": "one"}));
    let want = ["command:b", "agent:c"].map(str::to_owned).to_vec();
    assert_eq!(groups(&mut scene), [("three".into(), 0, want), ("second".into(), 1, vec![])]);
    scene.refused("groups.create", json!({"group": "second"}));
    scene.json.error("groups.create", json!({"group": " "}));
    scene.json.error("groups.delete", json!({"group": "one"}));
}
