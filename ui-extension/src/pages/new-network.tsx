// SPDX-License-Identifier: Apache-2.0
import { show } from '../ui/show';
import { NewNetworkPage } from './create/NewNetworkPage';

show(NewNetworkPage);
