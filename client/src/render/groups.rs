//! Groups of a collection, for people and for programs.

use std::io::{self, Write};

use skillmeat_protocol::reply::{CollectionReply, Group};

use super::json::string;
use super::table::{Cell, Table};
use super::term::{Tone, count, escape, paint};

/// One line a group.
pub fn write_list(out: &mut dyn Write, reply: &CollectionReply, colour: bool) -> io::Result<()> {
    let mut table = Table::new(0);
    for group in &reply.groups {
        table.row([
            Cell::new(group.position.to_string(), Tone::Dim),
            Cell::new(&group.name, Tone::Bold),
            count(group.members.len() as u64, "member", "members").into(),
            group.description.as_str().into(),
        ]);
    }
    table.write(out, colour)?;
    let groups = count(reply.groups.len() as u64, "group", "groups");
    writeln!(out, "{groups} in collection {}", escape(&reply.collection.name))
}

/// Each group with its members.
pub fn write_members(out: &mut dyn Write, groups: &[Group], colour: bool) -> io::Result<()> {
    for group in groups {
        writeln!(out, "{}", paint(&escape(&group.name), Tone::Bold, colour))?;
        for line in [&group.description, &group.color, &group.icon].into_iter().filter(|text| !text.is_empty()) {
            writeln!(out, "  {}", paint(&escape(line), Tone::Dim, colour))?;
        }
        for member in &group.members {
            writeln!(out, "  {}", escape(member))?;
        }
        writeln!(out, "{}", count(group.members.len() as u64, "member", "members"))?;
    }
    Ok(())
}

/// `{"collection", "groups"}`, the groups as in the daemon's answer about the whole collection.
pub fn json(reply: &CollectionReply) -> String {
    let list = |items: Vec<String>| format!("[{}]", items.join(","));
    let group = |group: &Group| {
        format!(
            r#"{{"name":{},"description":{},"color":{},"icon":{},"position":{},"members":{}}}"#,
            string(&group.name),
            string(&group.description),
            string(&group.color),
            string(&group.icon),
            group.position,
            list(group.members.iter().map(|member| string(member)).collect()),
        )
    };
    let groups = list(reply.groups.iter().map(group).collect());
    format!(r#"{{"collection":{},"groups":{groups}}}"#, string(&reply.collection.name))
}
