namespace Freezer.Catalog;

/// <summary>The names of what the documents of a backup hold.</summary>
internal static class DocumentMembers
{
    // OpenStack Freezer's own.
    internal static ReadOnlySpan<byte> EngineName => "engine_name"u8;
    internal static ReadOnlySpan<byte> Compression => "compression"u8;
    internal static ReadOnlySpan<byte> Encryption => "encryption"u8;

    // Which backup it is.
    internal static ReadOnlySpan<byte> Format => "format"u8;
    internal static ReadOnlySpan<byte> Requires => "requires"u8;
    internal static ReadOnlySpan<byte> Id => "id"u8;
    internal static ReadOnlySpan<byte> BackupName => "backup_name"u8;
    internal static ReadOnlySpan<byte> ChainTimestamp => "chain_timestamp"u8;
    internal static ReadOnlySpan<byte> Timestamp => "timestamp"u8;
    internal static ReadOnlySpan<byte> Level => "level"u8;
    internal static ReadOnlySpan<byte> ParentId => "parent_id"u8;
    internal static ReadOnlySpan<byte> ParentTimestamp => "parent_timestamp"u8;
    internal static ReadOnlySpan<byte> DataKey => "data_key"u8;
    internal static ReadOnlySpan<byte> Repair => "repair"u8;

    // What was backed up, and how.
    internal static ReadOnlySpan<byte> Source => "source"u8;
    internal static ReadOnlySpan<byte> Host => "host"u8;
    internal static ReadOnlySpan<byte> Path => "path"u8;
    internal static ReadOnlySpan<byte> CompressionLevel => "compression_level"u8;
    internal static ReadOnlySpan<byte> Outcome => "outcome"u8;
    internal static ReadOnlySpan<byte> Entries => "entries"u8;
    internal static ReadOnlySpan<byte> Skipped => "skipped"u8;
    internal static ReadOnlySpan<byte> BytesRead => "bytes_read"u8;
    internal static ReadOnlySpan<byte> Library => "library"u8;
    internal static ReadOnlySpan<byte> Facts => "facts"u8;
    internal static ReadOnlySpan<byte> ApplicationFacts => "application_facts"u8;

    // The stored objects.
    internal static ReadOnlySpan<byte> Archive => "archive"u8;
    internal static ReadOnlySpan<byte> Manifest => "manifest"u8;
    internal static ReadOnlySpan<byte> Index => "index"u8;
    internal static ReadOnlySpan<byte> Length => "length"u8;
    internal static ReadOnlySpan<byte> Digest => "digest"u8;
    internal static ReadOnlySpan<byte> ContentLength => "content_length"u8;
    internal static ReadOnlySpan<byte> DirectoryLength => "directory_length"u8;
    internal static ReadOnlySpan<byte> DirectoryDigest => "directory_digest"u8;

    // A document that is encrypted, and a claim.
    internal static ReadOnlySpan<byte> Sealed => "sealed"u8;
    internal static ReadOnlySpan<byte> Process => "process"u8;
}
