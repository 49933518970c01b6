"""What the routes of the HTTP API work with."""

from dataclasses import dataclass

from functions.wiring import utc_now
from pipeline.chat.chat_turn import ChatServices
from pipeline.documents.document_reader import DocumentReader
from pipeline.tasks.intake import IntakeServices
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.file_links import FileLinks
from shared.aws.upload_forms import UploadForms
from shared.conversations import Conversations
from shared.settings import Settings


@dataclass(frozen=True)
class ApiServices:
    """What the routes work with; one a container.

    Args:
        settings: The settings.
        reader: Reads documents, the ledger and reports.
        chat: Answers messages.
        conversations: The table of conversations.
        intake: Takes up tasks.
        forms: Writes forms for uploads.
        links: Signs addresses of files.
    """

    settings: Settings
    reader: DocumentReader
    chat: ChatServices
    conversations: LedgerTable
    intake: IntakeServices
    forms: UploadForms
    links: FileLinks

    def open_conversations(self, owner: str) -> Conversations:
        """The conversations of an owner."""
        return Conversations(self.conversations, owner, self.settings.conversation_days, utc_now)
