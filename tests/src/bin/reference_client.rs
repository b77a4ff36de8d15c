//! A client of the daemon, written the ordinary way, for `bench` to hold ours against: an asynchronous runtime with its
//! default settings, JSON-RPC over the socket, the answer as a tree of values, one line printed for each difference.
//!
//! It does the same job as `skillmeat status` does in a project: the same request, and as much output.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

const USAGE: &str = "usage: reference-client SOCKET (synced|cached)";

#[tokio::main]
async fn main() -> ExitCode {
    match status().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn status() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(socket), Some(freshness)) = (args.next().map(PathBuf::from), args.next()) else {
        return Err(USAGE.into());
    };
    let directory = std::env::current_dir()?;
    let mut stream = BufReader::new(UnixStream::connect(socket).await?);
    let request = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "status",
        "params": { "scope": { "containing": directory }, "freshness": freshness },
    });
    stream.write_all(format!("{request}\n").as_bytes()).await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let answer: Value = serde_json::from_str(&line)?;
    if let Some(error) = answer.get("error") {
        return Err(error.to_string().into());
    }
    for project in answer["result"]["projects"].as_array().ok_or("no projects")? {
        println!("{}", project["path"].as_str().ok_or("no path")?);
        for item in project["items"].as_array().ok_or("no items")? {
            println!("  {} {}:{}", item["state"], item["type"], item["name"]);
        }
    }
    Ok(())
}
