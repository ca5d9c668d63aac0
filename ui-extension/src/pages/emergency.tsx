// SPDX-License-Identifier: Apache-2.0
import { show } from '../ui/show';
import { EmergencyPage } from './emergency/EmergencyPage';

show(EmergencyPage);
