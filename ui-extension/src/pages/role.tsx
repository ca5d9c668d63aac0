// SPDX-License-Identifier: Apache-2.0
import { show } from '../ui/show';
import { RolePage } from './role/RolePage';

show(RolePage);
