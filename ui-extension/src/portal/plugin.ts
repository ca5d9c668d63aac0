// SPDX-License-Identifier: Apache-2.0
import { portalApi } from './api';
import { start } from './start';

start(portalApi());
