namespace Freezer.Platform;

/// <summary>An extended attribute: its full name (<c>user.mime_type</c>) and its value, both bytes.</summary>
internal readonly record struct FileAttribute(byte[] Name, byte[] Value);
