//! Language models behind the port [`Model`](appliance_core::ports::Model): step 5 of a message.
//!
//! [`anthropic`] passes requests on to the Messages API and its bytes back; [`demo`] answers by
//! itself, offline and deterministic. Both speak the same wire format, so an agent cannot tell them
//! apart; [`redacted`] stands around either. Does not meter, does not choose a worker and holds no conversation.
//!
//! To add a provider: one folder with one type that implements `Model`, its errors turned into
//! `LlmError` in one place, and replay tests against a server that misbehaves on purpose.

pub mod anthropic;
pub mod demo;
pub mod redacted;
