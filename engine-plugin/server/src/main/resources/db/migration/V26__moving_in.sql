-- SPDX-License-Identifier: Apache-2.0

-- Networks whose VMs move to an isolated twin; see docs/design/moving-in.md. The row is there before the
-- twin; where the twin is not known yet, its name and the mark in its comment find it.
CREATE TABLE moving_in (
    network_id   uuid         PRIMARY KEY,
    network_name text NOT NULL,
    twin_name    text NOT NULL,
    twin_id      uuid,
    labels       text NOT NULL,
    status       varchar(9)   NOT NULL CHECK (status IN ('preparing', 'prepared', 'finishing', 'finished')),
    started_at   timestamptz  NOT NULL,
    version      bigint       NOT NULL
);

-- The profiles of the twin, by those of the network they stand for.
CREATE TABLE moving_in_profile (
    network_id     uuid NOT NULL REFERENCES moving_in ON DELETE CASCADE,
    profile_id     uuid NOT NULL,
    twin_profile_id uuid NOT NULL,
    PRIMARY KEY (network_id, profile_id)
);

-- The vNICs chosen. Where they are is not stored: the engine knows.
CREATE TABLE moving_in_vnic (
    network_id uuid         NOT NULL REFERENCES moving_in ON DELETE CASCADE,
    nic_id     uuid         NOT NULL,
    back       boolean      NOT NULL,
    refusal    text NOT NULL,
    PRIMARY KEY (network_id, nic_id)
);
