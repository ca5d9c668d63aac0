-- SPDX-License-Identifier: Apache-2.0

-- The level gate as last seen in the engine's database, and as the running engine has it: the engine
-- reads its options at its start only.
CREATE TABLE level_gate_seen (
    level        varchar(16) PRIMARY KEY,
    supported    boolean     NOT NULL,
    changed_at   timestamptz NOT NULL,
    engine_has   boolean     NOT NULL,
    version      bigint      NOT NULL
);

-- Numbers of our events in the engine's event log, which takes each only once. They start at the
-- time of this installation, so that a database that is made anew does not repeat them.
CREATE SEQUENCE violation_event AS integer;
SELECT setval('violation_event', (extract(epoch FROM now()) - 1700000000)::integer);

CREATE TABLE violation (
    id             uuid          PRIMARY KEY,
    violation_key  varchar(255)  NOT NULL,
    rule           varchar(64)   NOT NULL,
    severity       varchar(8)    NOT NULL CHECK (severity IN ('warning', 'error')),
    network_id     varchar(64),
    network_name   text,
    subject_kind   varchar(16),
    subject_id     varchar(64),
    subject_name   text,
    description    text          NOT NULL,
    found_at       timestamptz   NOT NULL,
    cleared_at     timestamptz,
    found_event    integer       NOT NULL,
    cleared_event  integer       NOT NULL,
    found_posted   boolean       NOT NULL,
    cleared_posted boolean       NOT NULL,
    version        bigint        NOT NULL
);

-- One thing is wrong once at a time.
CREATE UNIQUE INDEX violation_open ON violation (violation_key) WHERE cleared_at IS NULL;
CREATE INDEX violation_network ON violation (network_id);
CREATE INDEX violation_unposted ON violation (found_at) WHERE NOT (found_posted AND cleared_posted);
