-- SPDX-License-Identifier: Apache-2.0

-- The networks on which VMs are kept apart, by the engine's id.
CREATE TABLE isolated_network (
    network_id     uuid         PRIMARY KEY,
    data_center_id uuid         NOT NULL,
    name           text         NOT NULL,
    enforcement    varchar(8)   NOT NULL CHECK (enforcement IN ('native', 'hook')),
    created_at     timestamptz  NOT NULL,
    version        bigint       NOT NULL
);

-- The level gate where the engine has no such option: same shape as the engine's vdc_options, so that
-- the same statement changes it, and the same defaults as engine 4.5.8.
CREATE TABLE vdc_options (
    option_id     serial        PRIMARY KEY,
    option_name   varchar(100)  NOT NULL,
    option_value  varchar(4000) NOT NULL,
    version       varchar(40)   NOT NULL DEFAULT 'general',
    default_value varchar(4000),
    UNIQUE (option_name, version)
);

INSERT INTO vdc_options (option_name, option_value, version, default_value) VALUES
    ('IsPortIsolationSupported', 'false', '4.2', 'false'),
    ('IsPortIsolationSupported', 'false', '4.3', 'false'),
    ('IsPortIsolationSupported', 'false', '4.4', 'false'),
    ('IsPortIsolationSupported', 'true', '4.5', 'true'),
    ('IsPortIsolationSupported', 'true', '4.6', 'true'),
    ('IsPortIsolationSupported', 'true', '4.7', 'true'),
    ('IsPortIsolationSupported', 'true', '4.8', 'true');
