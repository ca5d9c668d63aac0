-- SPDX-License-Identifier: Apache-2.0

-- Isolated networks whose uplink brings nothing back that comes from their own addresses: their blocks, and the
-- addresses of their gateways, which are excepted. Where there is no row it brings back what it likes.
CREATE TABLE network_hairpin (
    network_id uuid    NOT NULL REFERENCES network_uplink ON DELETE CASCADE,
    gateway    boolean NOT NULL,
    address    text    NOT NULL,
    PRIMARY KEY (network_id, gateway, address)
);
