// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.body;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * One entity of API v4 as it stands in a body, XML or JSON, of which we read and change single
 * fields and leave everything else as it came.
 *
 * <p>Field names are those of API v4, such as {@code port_isolation}; {@code id} and {@code href}
 * are attributes in XML and members in JSON.
 */
public interface ApiBody {

  /** The text of a scalar field; empty if the field is absent or not a scalar. */
  Optional<String> text(String field);

  /** Whether the field is set; one that is JSON's null is not. */
  boolean has(String field);

  /** The names of all fields. */
  Set<String> names();

  /** The entity in a field, such as {@code data_center}. */
  Optional<ApiBody> child(String field);

  /** The entities of a collection, such as the {@code network}s of {@code networks}. */
  List<ApiBody> items(String element);

  /** The texts of a list of scalars, such as {@code usages} of {@code usage}. */
  Optional<List<String>> texts(String list, String element);

  /** The entities of a list within this entity, such as the {@code custom_properties}. */
  List<ApiBody> list(String list, String element);

  /**
   * Every entity with this name, at any depth, such as each {@code network} of a list of vNICs that
   * was read with {@code follow=vnic_profile.network}.
   */
  List<ApiBody> everywhere(String element);

  /** Sets a scalar field, in the place where API v4 writes it. */
  void set(String field, String value);

  /** Adds an entity of scalar fields to a list within this entity, which is made if need be. */
  void append(String list, String element, Map<String, String> fields);

  /** Sets a list of scalars; the inverse of {@link #texts}. */
  void setTexts(String list, String element, List<String> texts);

  /** Changes every {@code href} of the document. */
  void changeHrefs(UnaryOperator<String> change);

  /**
   * The content in a form that is the same for the same content, whatever order or white space the
   * engine writes it with.
   *
   * @param without fields to leave out, at any depth
   */
  String canonical(Set<String> without);

  /**
   * Throws unless the fields that are judged are written so that every reader takes them alike.
   *
   * @throws MalformedBodyException that names the field
   */
  void require(Shape.Entity shape);

  /** Takes a field away. */
  void remove(String field);

  /**
   * A boolean field as the engine reads it.
   *
   * @throws MalformedBodyException if it is neither true, false, 0 nor 1
   */
  Optional<Boolean> flag(String field);

  /** The whole document this entity stands in, as bytes; the original ones if nothing changed. */
  byte[] toBytes();
}
