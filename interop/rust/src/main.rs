//! a2: always at Apple's host and port 443, so it runs where Apple's names lead to the gateway
//! (interop/machine.sh), and trusts the gateway's CA (webpki-roots/).
//!
//! The pushes of a line (a JSON array on stdin) are sent at once; their answers are a line of
//! stdout.

use std::env::var;
use std::fs::File;

use a2::request::payload::PayloadLike;
use a2::{
    Client, ClientConfig, CollapseId, Endpoint, Error, NotificationOptions, Priority, PushType,
    Response,
};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

#[derive(Deserialize)]
struct Push {
    token: String,
    topic: String,
    push_type: String,
    payload: Value,
    priority: Option<u8>,
    expiration: Option<u64>,
    collapse_id: Option<String>,
    apns_id: Option<String>,
}

#[derive(Serialize, Default)]
struct Answer {
    status: Option<u16>,
    reason: Option<String>,
    apns_id: Option<String>,
    timestamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// The payload as it is, by a2's own trait for payloads of its users.
#[derive(Debug, Serialize)]
struct Raw<'a> {
    #[serde(flatten)]
    payload: &'a Value,
    #[serde(skip)]
    token: &'a str,
    #[serde(skip)]
    options: NotificationOptions<'a>,
}

impl PayloadLike for Raw<'_> {
    fn get_device_token(&self) -> &str {
        self.token
    }
    fn get_options(&self) -> &NotificationOptions<'_> {
        &self.options
    }
}

fn options_of(push: &Push) -> Result<NotificationOptions<'_>, Error> {
    Ok(NotificationOptions {
        apns_id: push.apns_id.as_deref(),
        apns_push_type: Some(match push.push_type.as_str() {
            "background" => PushType::Background,
            "voip" => PushType::Voip,
            _ => PushType::Alert,
        }),
        apns_expiration: push.expiration,
        apns_priority: push.priority.map(|priority| match priority {
            5 => Priority::Normal,
            _ => Priority::High,
        }),
        apns_topic: Some(&push.topic),
        apns_collapse_id: push
            .collapse_id
            .as_deref()
            .map(CollapseId::new)
            .transpose()?,
    })
}

async fn send(client: &Client, push: &Push) -> Answer {
    let sent = async {
        let options = options_of(push)?;
        client
            .send(Raw {
                payload: &push.payload,
                token: &push.token,
                options,
            })
            .await
    };
    match sent.await {
        Ok(response) | Err(Error::ResponseError(response)) => told(response),
        Err(error) => Answer {
            error: Some(format!("{error:?}")),
            ..Answer::default()
        },
    }
}

fn told(response: Response) -> Answer {
    Answer {
        status: Some(response.code),
        reason: response
            .error
            .as_ref()
            .map(|body| format!("{:?}", body.reason)),
        apns_id: response.apns_id,
        timestamp: response.error.and_then(|body| body.timestamp),
        error: None,
    }
}

fn new_client() -> Result<Client, Box<dyn std::error::Error>> {
    let config = ClientConfig::new(Endpoint::Sandbox);
    if let Ok(file) = var("APNSIM_CERTIFICATE_FILE") {
        let both = std::fs::read(file)?;
        return Ok(Client::certificate_parts(&both, &both, config)?);
    }
    let mut key = File::open(var("APNSIM_KEY_FILE")?)?;
    let (key_id, team_id) = (var("APNSIM_KEY_ID")?, var("APNSIM_TEAM_ID")?);
    Ok(Client::token(&mut key, key_id, team_id, config)?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = new_client()?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let pushes: Vec<Push> = serde_json::from_str(&line)?;
        let answers = join_all(pushes.iter().map(|push| send(&client, push))).await;
        println!("{}", serde_json::to_string(&answers)?);
    }
    Ok(())
}
