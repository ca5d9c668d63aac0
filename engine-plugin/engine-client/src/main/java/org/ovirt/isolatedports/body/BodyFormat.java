// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.body;

/** The two representations of API v4. */
public enum BodyFormat {
  XML("application/xml", "application/xml;charset=UTF-8"),
  JSON("application/json", "application/json");

  private final String mediaType;
  private final String contentType;

  BodyFormat(String mediaType, String contentType) {
    this.mediaType = mediaType;
    this.contentType = contentType;
  }

  /** What stands in Accept. */
  public String mediaType() {
    return mediaType;
  }

  /** What the engine writes as Content-Type. */
  public String contentType() {
    return contentType;
  }

  /**
   * Reads a body.
   *
   * @param bytes the body in UTF-8
   * @param root the element an XML body must have as its root, such as {@code network}
   * @throws MalformedBodyException if it is not well-formed, holds a document type declaration,
   *     names a field twice, nests too deep, or is not one object
   */
  public ApiBody read(byte[] bytes, String root) {
    return this == XML ? XmlBody.read(bytes, root) : JsonBody.read(bytes);
  }

  /**
   * Reads what a caller asks for, of which the engine must not understand anything else than we do.
   *
   * @param shape how the fields that are judged must be written
   * @throws MalformedBodyException also if the body is not in UTF-8, holds elements of a namespace,
   *     or a judged field is ambiguous
   */
  public ApiBody readAsked(byte[] bytes, String root, Shape.Entity shape) {
    Utf8.require(bytes);
    ApiBody body = this == XML ? XmlBody.readAsked(bytes, root) : JsonBody.read(bytes);
    body.require(shape);
    return body;
  }

  /** An empty entity of our own, to be filled. */
  public ApiBody create(String root) {
    return this == XML ? XmlBody.create(root) : JsonBody.create();
  }

  /** A fault as the engine writes it. */
  public byte[] fault(String reason, String detail) {
    return this == XML ? XmlBody.fault(reason, detail) : JsonBody.fault(reason, detail);
  }
}
