using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Formats.Tar;

/// <summary>Reads tar archives of every common dialect (v7, ustar, GNU, PAX, both with incremental listings and every sparse format) from a pipe.</summary>
internal sealed class TarReader(PipeReader source, TarReaderOptions? options = null)
{
    /// <summary>The offset in the archive of the header of the current entry (of its first extended header).</summary>
    internal long EntryOffset { get; private set; }

    /// <summary>Content of the current entry that was not read yet, without padding.</summary>
    internal long ContentRemaining { get; private set; }

    /// <summary>Moves to the next member, behind what is left of the current one.</summary>
    /// <returns>The entry, or <see langword="null"/> behind the end mark. What follows the end mark is drained
    /// (several archives one after another are read as one, as GNU tar's <c>--ignore-zeros</c> does).</returns>
    /// <exception cref="TarFormatException">The archive is malformed, or ends without an end mark.</exception>
    internal ValueTask<TarEntry?> ReadEntryAsync(CancellationToken cancellationToken) => throw new NotImplementedException($"{source} {options}");

    /// <summary>The next content that is there, never empty: at most <see cref="ContentRemaining"/>. Give it back with <see cref="AdvanceContent"/>.</summary>
    internal ValueTask<ReadOnlySequence<byte>> ReadContentAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Says up to where the content that <see cref="ReadContentAsync"/> gave was used.</summary>
    internal void AdvanceContent(SequencePosition consumed) => throw new NotImplementedException();
}
