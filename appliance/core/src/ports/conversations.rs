//! The role that reads conversations and messages. Changes none.

use std::fmt;

use async_trait::async_trait;

use crate::{
    Conversation, ConversationId, ConversationStatus, Message, MessageId, Page, PageRequest,
    StoreError, UserId,
};

/// Reads threads, always within one owner: what belongs to another is absent.
/// Contract: `storage_contract::conversations`.
#[async_trait]
pub trait Conversations: fmt::Debug + Send + Sync {
    /// Returns the conversation if `owner` has it and it is not deleted.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`; so for all methods here.
    async fn get(
        &self,
        owner: UserId,
        id: ConversationId,
    ) -> Result<Option<Conversation>, StoreError>;

    /// Returns conversations, last changed first; the cursor is `updated_seq`.
    async fn list(
        &self,
        owner: UserId,
        status: ConversationStatus,
        page: PageRequest,
    ) -> Result<Page<Conversation>, StoreError>;

    /// Returns messages, newest first; the cursor is `seq`. Empty if `owner` has no such thread.
    async fn messages(
        &self,
        owner: UserId,
        id: ConversationId,
        page: PageRequest,
    ) -> Result<Page<Message>, StoreError>;

    /// Returns one message if `owner` has its conversation.
    async fn message(&self, owner: UserId, id: MessageId) -> Result<Option<Message>, StoreError>;
}
