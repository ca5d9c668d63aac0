// SPDX-License-Identifier: Apache-2.0
import { show } from '../ui/show';
import { NetworkPage } from './network/NetworkPage';

show(NetworkPage);
