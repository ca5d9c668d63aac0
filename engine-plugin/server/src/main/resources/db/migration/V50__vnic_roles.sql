-- SPDX-License-Identifier: Apache-2.0

-- Roles of single vNICs, which take the place of their profile's as long as they are on the network for which they
-- were given.
CREATE TABLE vnic_role (
    vnic_id    uuid        PRIMARY KEY,
    vm_id      uuid        NOT NULL,
    network_id uuid        NOT NULL,
    role       text        NOT NULL,
    author     text        NOT NULL,
    given_at   timestamptz NOT NULL DEFAULT now()
);
