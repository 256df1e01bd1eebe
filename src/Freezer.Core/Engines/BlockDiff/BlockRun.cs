namespace Freezer.Engines.BlockDiff;

/// <summary>Blocks in a row that are all zero, or whose content lies in a row in one archive.</summary>
/// <param name="First">The first block.</param>
/// <param name="Count">The number of blocks.</param>
/// <param name="IsZero">Whether the blocks are zero; then what follows has no meaning.</param>
/// <param name="BackupId">The backup whose archive holds the content.</param>
/// <param name="ArchiveOffset">Where the content of the first block begins in that archive.</param>
internal readonly record struct BlockRun(long First, long Count, bool IsZero, Guid BackupId = default, long ArchiveOffset = 0);
