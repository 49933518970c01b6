"""The ledger: one DynamoDB table in which every effect is a guarded write.

| pk | sk | what |
|---|---|---|
| `DOC#<document id>` | `DOC` | the document: status, counters, coverage, result, first steps |
| `DOC#<document id>` | `CHUNK#<run>#<number>` | one chunk: summarised or failed, with its pages |
| `DOC#<document id>` | `EVENT#<time>#<step>` | a later step of the document's timeline |
| `DOC#<document id>` | `EVENT#WAIT#<step>#<item>#<reason>` | its waits of one kind, in one row |
| `DOC#<document id>` | `CHILD#<hash>` | a file inside that is a document of its own |
| `DOC#<document id>` | `TASK#<task id>` | a task whose result is about the document |
| `KEY#<bucket>/<key>` | `CURRENT` | the newest document of an object key |
| `KEY#<bucket>/<key>` | `VERSION#<document id>` | a document beside others of the key |
| `TEXT#<address>` | `TEXT` | the text that a document's bytes have given; names one of those |
| `TEXT#<address>` | `USER#<document id>` | another document that shares the text |
| `TASK#<task id>` | `TASK` | a task: status, attempts, cost, result |
| `TASK#<task id>` | `EVENT#<time>#<step>` | one step of the task's timeline |
| `MESSAGE#<message id>` | `EVENT#<time>#<step>` | what was done with a dead letter about neither |
| `ANSWER#<hash>` | `ANSWER` | an answer of a language model |
| `MODEL#<hash>` | `ANSWERED` | that a model has answered at its address |
| `REPORT#<day>` | `REPORT` | a day's report: made, mailed |
| `REPORT#<day>` | `EVENT#<time>#<step>` | one step of the report's timeline |
| `SPEND#<day>` | `TOTAL`, `MODEL#…`, `LEASE#…` | what a day's calls of models cost |

The index `arrivals` lists the documents of a day by the time of their arrival, and apart from them,
under `<day>#tasks`, its tasks; the index `in_flight` holds those without a final status, and in a
partition of its own what was given up and has left letters (`shared/dead_letters/given_up.py`).
"""
