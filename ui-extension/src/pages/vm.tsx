// SPDX-License-Identifier: Apache-2.0
import { show } from '../ui/show';
import { VmPage } from './vm/VmPage';

show(VmPage);
