// SPDX-License-Identifier: Apache-2.0
import { show } from '../ui/show';
import { ClusterPage } from './cluster/ClusterPage';

show(ClusterPage);
