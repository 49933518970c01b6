"""The pages *Tasks* and *Ask*: tasks and their results, questions, conversations."""
