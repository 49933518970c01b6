CREATE TABLE document_results (
    document_id    text PRIMARY KEY,
    run            integer NOT NULL,
    chunks_done    integer NOT NULL,
    key            text NOT NULL,
    status         text NOT NULL,
    title          text NOT NULL,
    language       text NOT NULL,
    model          text NOT NULL,
    pages          integer NOT NULL,
    missing_pages  text NOT NULL,
    input_tokens   bigint NOT NULL,
    output_tokens  bigint NOT NULL,
    cost_usd       double precision NOT NULL,
    result         jsonb NOT NULL,
    result_key     text NOT NULL,
    copied_at      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE task_results (
    task_id        text PRIMARY KEY,
    attempt        integer NOT NULL,
    kind           text NOT NULL,
    model          text NOT NULL,
    input_tokens   bigint NOT NULL,
    output_tokens  bigint NOT NULL,
    cost_usd       double precision NOT NULL,
    result         jsonb NOT NULL,
    result_key     text NOT NULL,
    copied_at      timestamptz NOT NULL DEFAULT now()
);
