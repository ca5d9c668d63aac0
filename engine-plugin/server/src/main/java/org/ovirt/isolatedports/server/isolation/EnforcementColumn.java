// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.isolation;

import jakarta.persistence.AttributeConverter;
import jakarta.persistence.Converter;

/** {@link Enforcement} as it stands in the database. */
@Converter
public class EnforcementColumn implements AttributeConverter<Enforcement, String> {

  @Override
  public String convertToDatabaseColumn(Enforcement enforcement) {
    return enforcement == null ? null : enforcement.text();
  }

  @Override
  public Enforcement convertToEntityAttribute(String text) {
    return text == null ? null : Enforcement.ofText(text);
  }
}
