// SPDX-License-Identifier: Apache-2.0
import { show } from '../ui/show';
import { HostPage } from './host/HostPage';

show(HostPage);
