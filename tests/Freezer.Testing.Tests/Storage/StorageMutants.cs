using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Freezer.Storage;

namespace Freezer.Testing.Tests.Storage;

/// <summary>A storage that breaks one rule, as storages do, and the check that is there to find it.</summary>
internal sealed record StorageMutant(string Flaw, string CaughtBy, Func<IStorage> Make)
{
    internal static IReadOnlyList<StorageMutant> All { get; } = [.. Writes, .. Reads, .. Listing, .. Deletions, .. Names, .. Calls];

    private static IEnumerable<StorageMutant> Writes =>
    [
        Write("shows an object before its content has ended", "An object that is being written is not found", static async (s, key, content, options, token) =>
        {
            await s.PutAsync(key, [], options);
            return await s.PutAsync(key, await BrokenStorage.DrainAsync(content, token), WriteOptions.Replace);
        }),
        Write("publishes what there was when the content failed", "Content that fails after a few bytes publishes nothing", static async (s, key, content, options, token) =>
        {
            using var bytes = new MemoryStream();
            try
            {
                await BrokenStorage.DrainAsync(content, bytes, token);
            }
            finally
            {
                await s.PutAsync(key, bytes.ToArray(), options);
            }

            return (await s.Sound.FindAsync(key, token))!;
        }),
        Write("takes content that failed for content that ended", "Content that fails at once publishes nothing", static async (s, key, content, options, token) =>
        {
            using var bytes = new MemoryStream();
            try
            {
                await BrokenStorage.DrainAsync(content, bytes, token);
            }
            catch (InvalidOperationException)
            {
                return await s.PutAsync(key, bytes.ToArray(), options);
            }

            return await s.PutAsync(key, bytes.ToArray(), options);
        }),
        Write("loses the old object when the new content fails", "Content that fails after a few bytes leaves the object that it was to replace", static async (s, key, content, options, token) =>
        {
            if (options.Mode == WriteMode.Replace)
            {
                await s.Sound.DeleteAsync(key, token);
            }

            return await s.PutAsync(key, await BrokenStorage.DrainAsync(content, token), options);
        }),
        Write("swallows the content's exception", "Content that fails after many bytes publishes nothing", static async (s, key, content, options, token) =>
        {
            try
            {
                return await s.Sound.WriteAsync(key, content, options, token);
            }
            catch (InvalidOperationException)
            {
                return new StorageEntry(key, 0, DateTimeOffset.UnixEpoch);
            }
        }),
        Write("wraps the content's exception", "A reading end that throws publishes nothing", static async (s, key, content, options, token) =>
        {
            try
            {
                return await s.Sound.WriteAsync(key, content, options, token);
            }
            catch (IOException failure) when (failure is not StorageException)
            {
                throw new StorageException(StorageErrorKind.Unknown, key.Value, "the write failed", innerException: failure);
            }
        }),
        Write("looks first and writes then", "An object that appears while another is created wins", static async (s, key, content, options, token) =>
        {
            bool exists = await s.Sound.FindAsync(key, token) is not null;
            return exists && options.Mode == WriteMode.CreateNew ? throw new StorageException(StorageErrorKind.AlreadyExists, key.Value, "exists")
                : await s.PutAsync(key, await BrokenStorage.DrainAsync(content, token), WriteOptions.Replace);
        }),
        Write("looks just before it publishes", "Of several writers that create one small object one wins", static async (s, key, content, options, token) =>
        {
            byte[] bytes = await BrokenStorage.DrainAsync(content, token);
            bool exists = await s.Sound.FindAsync(key, token) is not null;

            // As over a network: the second one looks before the first one has published.
            var secondHasLooked = (TaskCompletionSource)s.Memory.GetOrAdd(key.Value, static _ => new TaskCompletionSource());
            if (s.Memory.TryAdd($"{key} was looked for", true))
            {
                await secondHasLooked.Task;
            }

            secondHasLooked.TrySetResult();
            return exists && options.Mode == WriteMode.CreateNew ? throw new StorageException(StorageErrorKind.AlreadyExists, key.Value, "exists")
                : await s.PutAsync(key, bytes, WriteOptions.Replace);
        }),
        Write("replaces whatever it was told", "Creating an object that exists fails", static (s, key, content, options, token) => s.Sound.WriteAsync(key, content, WriteOptions.Replace, token)),
        Write("refuses to create and takes the content all the same", "A creation that fails leaves the object as it was", static async (s, key, content, options, token) =>
        {
            bool exists = await s.Sound.FindAsync(key, token) is not null;
            StorageEntry entry = await s.Sound.WriteAsync(key, content, WriteOptions.Replace, token);
            return exists && options.Mode == WriteMode.CreateNew ? throw new StorageException(StorageErrorKind.AlreadyExists, key.Value, "exists") : entry;
        }),
        Write("takes an empty object for none", "An empty object takes its key", static async (s, key, content, options, token) =>
            await s.Sound.WriteAsync(key, content, (await s.Sound.FindAsync(key, token))?.Length == 0 ? WriteOptions.Replace : options, token)),
        Write("refuses to replace what is not there", "Replacing makes an object where there is none", static async (s, key, content, options, token) =>
            options.Mode == WriteMode.Replace && await s.Sound.FindAsync(key, token) is null
                ? throw new StorageException(StorageErrorKind.NotFound, key.Value, "nothing to replace")
                : await s.Sound.WriteAsync(key, content, options, token)),
        Write("writes the new content over the old one and leaves its tail", "An object of 100000 bytes is replaced by one of 10, whole", static async (s, key, content, options, token) =>
        {
            byte[] bytes = await BrokenStorage.DrainAsync(content, token);
            byte[] old = await s.Sound.FindAsync(key, token) is null ? [] : await s.GetAsync(key);
            bool tail = options.Mode == WriteMode.Replace && old.Length > bytes.Length;
            return await s.PutAsync(key, tail ? [.. bytes, .. old[bytes.Length..]] : bytes, options);
        }),
        Write("deletes before it replaces", "An object that is being replaced is the old one until then", static async (s, key, content, options, token) =>
        {
            if (options.Mode == WriteMode.Replace)
            {
                await s.Sound.DeleteAsync(key, token);
            }

            return await s.Sound.WriteAsync(key, content, options, token);
        }),
        Write("believes the length hint", "A length hint of 3 changes nothing", static async (s, key, content, options, token) =>
        {
            byte[] bytes = await BrokenStorage.DrainAsync(content, token);
            return await s.PutAsync(key, options.LengthHint < bytes.Length ? bytes[..(int)options.LengthHint.Value] : bytes, options);
        }),
        Write("tells the hinted length", "A length hint of 100001 changes nothing", static async (s, key, content, options, token) =>
        {
            StorageEntry entry = await s.Sound.WriteAsync(key, content, options, token);
            return entry with { Length = options.LengthHint ?? entry.Length };
        }),
        Write("takes a read that shows nothing for the end", "A read of the content that shows nothing is not its end", static async (s, key, content, options, token) =>
        {
            using var bytes = new MemoryStream();
            ReadResult read;
            do
            {
                read = await content.ReadAsync(token);
                foreach (ReadOnlyMemory<byte> piece in read.Buffer)
                {
                    bytes.Write(piece.Span);
                }

                content.AdvanceTo(read.Buffer.End);
            }
            while (!read.IsCompleted && !read.Buffer.IsEmpty);

            return await s.PutAsync(key, bytes.ToArray(), options);
        }),
        Write("stores the first segment of each buffer", "Content that comes in odd pieces is stored whole", static async (s, key, content, options, token) =>
        {
            using var bytes = new MemoryStream();
            ReadResult read;
            do
            {
                read = await content.ReadAsync(token);
                bytes.Write(read.Buffer.FirstSpan);
                content.AdvanceTo(read.Buffer.End);
            }
            while (!read.IsCompleted);

            return await s.PutAsync(key, bytes.ToArray(), options);
        }),
        Write("drops what comes with the end", "Content whose last bytes come with its end is stored whole", static async (s, key, content, options, token) =>
        {
            using var bytes = new MemoryStream();
            for (ReadResult read = await content.ReadAsync(token); !read.IsCompleted; read = await content.ReadAsync(token))
            {
                bytes.Write(read.Buffer.ToArray());
                content.AdvanceTo(read.Buffer.End);
            }

            return await s.PutAsync(key, bytes.ToArray(), options);
        }),
        Write("keeps the memory of the pipe", "A storage keeps no memory of the content", static async (s, key, content, options, token) =>
        {
            List<ReadOnlyMemory<byte>> kept = [];
            ReadResult read;
            do
            {
                read = await content.ReadAsync(token);
                foreach (ReadOnlyMemory<byte> piece in read.Buffer)
                {
                    kept.Add(piece);
                }

                content.AdvanceTo(read.Buffer.End);
            }
            while (!read.IsCompleted);

            return await s.PutAsync(key, [.. kept.SelectMany(static piece => piece.ToArray())], options);
        }),
        Write("completes the content", "A write completes no pipe", static async (s, key, content, options, token) =>
        {
            StorageEntry entry = await s.Sound.WriteAsync(key, content, options, token);
            await content.CompleteAsync();
            return entry;
        }),
        Write("completes the content when it fails", "A write whose content fails completes no pipe", static async (s, key, content, options, token) =>
        {
            try
            {
                return await s.Sound.WriteAsync(key, content, options, token);
            }
            catch (Exception failure)
            {
                await content.CompleteAsync(failure);
                throw;
            }
        }),
        Write("ignores that a pending read is cancelled", "A pending read of the content that is cancelled cancels the write", static async (s, key, content, options, token) =>
        {
            using var bytes = new MemoryStream();
            ReadResult read;
            do
            {
                read = await content.ReadAsync(token);
                bytes.Write(read.Buffer.ToArray());
                content.AdvanceTo(read.Buffer.End);
            }
            while (!read.IsCompleted && !read.IsCanceled);

            return await s.PutAsync(key, bytes.ToArray(), options);
        }),
        Write("tells another length", "Content of 4096 bytes comes back as it was written", static async (s, key, content, options, token) =>
        {
            StorageEntry entry = await s.Sound.WriteAsync(key, content, options, token);
            return entry with { Length = entry.Length + 1 };
        }),
        Write("gives every content the same version", "A version changes also when the length stays", static async (s, key, content, options, token) =>
            (await s.Sound.WriteAsync(key, content, options, token)) with { Version = "1" }),
        new("cuts what is too large", "An object that is too large is refused and not cut", static () => new BrokenStorage
        {
            Declared = new StorageCapabilities { LargestObject = 1_000 },
            Write = static async (s, key, content, options, token) =>
            {
                byte[] bytes = await BrokenStorage.DrainAsync(content, token);
                return await s.PutAsync(key, bytes.Length > 1_000 ? bytes[..1_000] : bytes, options);
            },
        }),
    ];

    private static IEnumerable<StorageMutant> Reads =>
    [
        Read("takes the length of a range for its end", "A range holds exactly its bytes: a part in the middle", static (s, key, destination, options, token) =>
            s.Sound.ReadAsync(key, destination, options.Length is { } length && options.Offset > 0 ? options with { Length = Math.Max(length - options.Offset, 0) } : options, token)),
        Read("takes the end of a range as one byte more", "A range holds exactly its bytes: a part of the beginning", static async (s, key, destination, options, token) =>
        {
            StorageEntry? entry = await s.Sound.FindAsync(key, token);
            return await s.Sound.ReadAsync(key, destination, options.Length is { } length && options.Offset + length < entry?.Length ? options with { Length = length + 1 } : options, token);
        }),
        Read("ignores the offset", "A range holds exactly its bytes: the rest from the middle", static (s, key, destination, options, token) =>
            s.Sound.ReadAsync(key, destination, options with { Offset = 0 }, token)),
        Read("shortens a range that does not lie within the object", "A range outside the object fails and delivers nothing: one byte longer than the object", static async (s, key, destination, options, token) =>
        {
            StorageEntry? entry = await s.Sound.FindAsync(key, token);
            return await s.Sound.ReadAsync(key, destination, entry is null ? options : options with
            {
                Offset = Math.Min(options.Offset, entry.Length),
                Length = options.Length is { } length ? Math.Min(length, entry.Length - Math.Min(options.Offset, entry.Length)) : null,
            }, token);
        }),
        Read("adds what overflows", "A range outside the object fails and delivers nothing: a length whose sum overflows", static async (s, key, destination, options, token) =>
        {
            StorageEntry? entry = await s.Sound.FindAsync(key, token);
            bool fits = unchecked(options.Offset + options.Length.GetValueOrDefault()) <= entry?.Length;
            return fits && options.Length > entry!.Length ? entry : await s.Sound.ReadAsync(key, destination, options, token);
        }),
        Read("delivers what there is of a range and fails then", "A range outside the object fails and delivers nothing: more than there is from the middle", static async (s, key, destination, options, token) =>
        {
            try
            {
                return await s.Sound.ReadAsync(key, destination, options, token);
            }
            catch (StorageException failure) when (failure.Kind == StorageErrorKind.OutOfRange)
            {
                await s.Sound.ReadAsync(key, destination, ReadOptions.Whole, token);
                throw;
            }
        }),
        Read("delivers the whole for an empty range", "A range holds exactly its bytes: nothing in the middle", static (s, key, destination, options, token) =>
            s.Sound.ReadAsync(key, destination, options.Length == 0 && options.Offset > 0 ? options with { Length = null } : options, token)),
        Read("tells the length of the range", "A read tells of the whole object", static async (s, key, destination, options, token) =>
        {
            StorageEntry entry = await s.Sound.ReadAsync(key, destination, options, token);
            return entry with { Length = options.Length ?? entry.Length };
        }),
        Read("reads any version", "Reading a version that is gone fails", static (s, key, destination, options, token) =>
            s.Sound.ReadAsync(key, destination, options with { Version = null }, token)),
        Read("completes the destination", "A read completes no pipe", static async (s, key, destination, options, token) =>
        {
            StorageEntry entry = await s.Sound.ReadAsync(key, destination, options, token);
            await destination.CompleteAsync();
            return entry;
        }),
        Read("completes the destination when it fails", "A read of what is missing completes no pipe", static async (s, key, destination, options, token) =>
        {
            try
            {
                return await s.Sound.ReadAsync(key, destination, options, token);
            }
            catch (Exception failure)
            {
                await destination.CompleteAsync(failure);
                throw;
            }
        }),
        Read("does not flush what it wrote", "What was read is flushed when the call returns", static async (s, key, destination, options, token) =>
        {
            byte[] content = await s.GetAsync(key);
            StorageEntry entry = (await s.Sound.FindAsync(key, token))!;
            destination.Write(content);
            return entry;
        }),
        Read("returns before it has delivered", "A read returns once everything is delivered", static async (s, key, destination, options, token) =>
        {
            StorageEntry entry = await s.Sound.FindAsync(key, token) ?? throw new StorageException(StorageErrorKind.NotFound, key.Value, "missing");
            _ = s.Sound.ReadAsync(key, destination, options, token);
            return entry;
        }),
        Read("fails when nobody wants the rest", "A reader that goes away ends the read without an error", static async (s, key, destination, options, token) =>
        {
            StorageEntry entry = await s.Sound.ReadAsync(key, destination, options, token);
            return (await destination.FlushAsync(token)).IsCompleted ? throw new StorageException(StorageErrorKind.Unknown, key.Value, "the reader went away") : entry;
        }),
        Read("goes on when nobody reads", "A read stops soon after its reader has gone away", static async (s, key, destination, options, token) =>
        {
            byte[] content = await s.GetAsync(key);
            for (int offset = 0; offset < content.Length; offset += 1_000)
            {
                await destination.WriteAsync(content.AsMemory(offset, Math.Min(1_000, content.Length - offset)), token);
            }

            return (await s.Sound.FindAsync(key, token))!;
        }),
        Read("believes that memory is as large as it likes", "A destination that gives little memory gets everything", static async (s, key, destination, options, token) =>
        {
            byte[] content = await s.GetAsync(key);
            for (int offset = 0; offset < content.Length; offset += 4_096)
            {
                Memory<byte> memory = destination.GetMemory();
                int count = Math.Min(memory.Length, Math.Min(4_096, content.Length - offset));
                content.AsMemory(offset, count).CopyTo(memory);
                destination.Advance(count);
                await destination.FlushAsync(token);
            }

            return (await s.Sound.FindAsync(key, token))!;
        }),
        Read("looks for the object anew for each piece", "What is replaced while it is read is delivered whole or fails", static async (s, key, destination, options, token) =>
        {
            StorageEntry entry = await s.Sound.FindAsync(key, token) ?? throw new StorageException(StorageErrorKind.NotFound, key.Value, "missing");
            (long offset, long left) = options.Resolve(entry);
            for (; left > 0; offset += 50_000, left -= 50_000)
            {
                await s.Sound.ReadAsync(key, destination, ReadOptions.Range(offset, Math.Min(50_000, left)), token);
            }

            return entry;
        }),
        Read("makes an error of its own of what is missing", "A key of which nothing is known is not found", static async (s, key, destination, options, token) =>
            await s.Sound.FindAsync(key, token) is null ? throw new FileNotFoundException("404") : await s.Sound.ReadAsync(key, destination, options, token)),
        Read("names no key in its error", "A key of which nothing is known is not found", static async (s, key, destination, options, token) =>
            await s.Sound.FindAsync(key, token) is null ? throw new StorageException(StorageErrorKind.NotFound, null, "404") : await s.Sound.ReadAsync(key, destination, options, token)),
        Read("calls what is missing transient", "A key of which nothing is known is not found", static async (s, key, destination, options, token) =>
            await s.Sound.FindAsync(key, token) is null ? throw new StorageException(StorageErrorKind.NotFound, key.Value, "404", isTransient: true) : await s.Sound.ReadAsync(key, destination, options, token)),
        Read("delivers nothing of what is missing", "A key beside an object is not found", static async (s, key, destination, options, token) =>
            await s.Sound.FindAsync(key, token) is null ? new StorageEntry(key, 0, DateTimeOffset.UnixEpoch) : await s.Sound.ReadAsync(key, destination, options, token)),
        Read("wraps what the destination throws", "A destination that fails surfaces as it is", static async (s, key, destination, options, token) =>
        {
            try
            {
                return await s.Sound.ReadAsync(key, destination, options, token);
            }
            catch (InvalidOperationException failure)
            {
                throw new StorageException(StorageErrorKind.Unknown, key.Value, "the read failed", innerException: failure);
            }
        }),
    ];

    private static IEnumerable<StorageMutant> Listing =>
    [
        List("shows the first page only", "A long listing shows every object once", static (s, prefix, listing) => listing.Take(1_000)),
        List("shows the last entry of a page again", "A long listing shows every object once", static (s, prefix, listing) => listing.SelectMany((entry, number) => Enumerable.Repeat(entry, number == 999 ? 2 : 1))),
        List("shows what it showed before", "A listing does not show what was deleted", static (s, prefix, listing) =>
            Listings.Of(async () => (List<StorageEntry>)s.Memory.GetOrAdd(prefix.Value, await listing.ToListAsync()))),
        List("takes a prefix for text", "A prefix means whole segments", static (s, prefix, listing) =>
            s.Sound.ListAsync(StoragePrefix.Root).Where(entry => entry.Key.Value.StartsWith(prefix.Value, StringComparison.Ordinal))),
        List("takes an object to be below itself", "An object is not below itself", static (s, prefix, listing) =>
            s.Sound.ListAsync(StoragePrefix.Root).Where(entry => entry.Key.Value == prefix.Value || entry.Key.IsBelow(prefix))),
        List("takes a prefix for a pattern", "A prefix with wildcards in it means what it says", static (s, prefix, listing) =>
            s.Sound.ListAsync(StoragePrefix.Root).Where(entry => Like(entry.Key.Value, prefix.Value + "/"))),
        List("takes a prefix in any case", "A prefix means its case", static (s, prefix, listing) =>
            s.Sound.ListAsync(StoragePrefix.Root).Where(entry => entry.Key.Value.StartsWith(prefix.Value + "/", StringComparison.OrdinalIgnoreCase))),
        List("sorts as people do", "A listing is ordered by the bytes of the keys", static (s, prefix, listing) =>
            listing.OrderBy(static entry => entry.Key.Value, StringComparer.OrdinalIgnoreCase)),
        List("sorts by UTF-16", "A listing is ordered by the bytes of the keys", static (s, prefix, listing) =>
            listing.OrderBy(static entry => entry.Key.Value, StringComparer.Ordinal)),
        List("shows no empty objects", "A long listing shows every object once", static (s, prefix, listing) => listing.Where(static entry => entry.Length > 0)),
        List("fails where it finds nothing", "An unknown prefix lists empty", static (s, prefix, listing) => Listings.Of(async () =>
        {
            List<StorageEntry> entries = await listing.ToListAsync();
            return entries.Count > 0 ? entries : throw new StorageException(StorageErrorKind.NotFound, prefix.Value, "404");
        })),
        List("tells no versions", "A listing tells what finding tells", static (s, prefix, listing) => listing.Select(static entry => entry with { Version = null })),
        List("tells the time of now", "The last modification is told alike by every verb and does not run backwards", static (s, prefix, listing) =>
            listing.Select(static entry => entry with { LastModified = entry.LastModified.AddSeconds(10) })),
        List("lists once", "A listing can be enumerated twice", static (s, prefix, listing) =>
        {
            int times = 0;
            return Listings.Of(async () => times++ == 0 ? await listing.ToListAsync() : []);
        }),
        List("hears no token", "A listing that is cancelled half-way ends there", static (s, prefix, listing) => Listings.Deaf(s.Sound, prefix)),
    ];

    private static IEnumerable<StorageMutant> Deletions =>
    [
        Delete("fails where nothing is", "Deleting what nothing is known of succeeds and removes nothing", static async (s, key, token) =>
        {
            _ = await s.Sound.FindAsync(key, token) ?? throw new StorageException(StorageErrorKind.NotFound, key.Value, "404");
            await s.Sound.DeleteAsync(key, token);
        }),
        Delete("deletes what is below as well", "Deleting what is a prefix of an object succeeds and removes nothing", static async (s, key, token) =>
        {
            await s.Sound.DeleteAsync(key, token);
            await foreach (StorageEntry entry in s.Sound.ListAsync(StoragePrefix.Parse(key.Value), token))
            {
                await s.Sound.DeleteAsync(entry.Key, token);
            }
        }),
        Delete("deletes what begins alike", "Deleting removes the object and nothing else", static async (s, key, token) =>
        {
            await foreach (StorageEntry entry in s.Sound.ListAsync(StoragePrefix.Root, token))
            {
                if (entry.Key.Value.StartsWith(key.Value, StringComparison.Ordinal))
                {
                    await s.Sound.DeleteAsync(entry.Key, token);
                }
            }
        }),
        Delete("acknowledges and does nothing", "A deleted object is gone for every verb", static (s, key, token) => Task.CompletedTask),
        Delete("empties rather than deletes", "A deleted object is gone for every verb", static (s, key, token) => s.PutAsync(key, [], WriteOptions.Replace)),
        Delete("hears no token", "A deletion that was cancelled before it began does nothing", static (s, key, token) => s.Sound.DeleteAsync(key, CancellationToken.None)),
    ];

    private static IEnumerable<StorageMutant> Names =>
    [
        Rename("folds case", "Keys that differ in case are different", static name => name.ToLowerInvariant()),
        Rename("trims", "Keys that differ in a space at the end are different", static name => name.TrimEnd()),
        Rename("undoes escapes that nobody made", "Keys that differ in an escape are different", static name => name.Replace("%20", " ", StringComparison.Ordinal)),
        Rename("normalises accents", "Keys that differ in how an accent is made are different", static name => name.Replace("e\u0301", "\u00e9", StringComparison.Ordinal)),
        Rename("replaces what it does not like", "A key with question marks and hashes is kept as it is", static name => name.Replace('?', '_')),
        Rename("cuts long names", "The longest segment is taken", static name => string.Join('/', name.Split('/').Select(static part => part.Length > 200 ? part[..200] : part))),
        new("finds prefixes", "A key that is a prefix of an object is not found", static () => new BrokenStorage
        {
            Find = static async (s, key, token) =>
            {
                StorageEntry? entry = await s.Sound.FindAsync(key, token);
                return entry is null && await s.Sound.ListAsync(StoragePrefix.Parse(key.Value), token).AnyAsync(token) ? new StorageEntry(key, 0, DateTimeOffset.UnixEpoch) : entry;
            },
        }),
        new("remembers what was not there", "An object that was looked for before is found once it is written", static () => new BrokenStorage
        {
            Find = static async (s, key, token) =>
            {
                StorageEntry? entry = s.Memory.ContainsKey(key.Value) ? null : await s.Sound.FindAsync(key, token);
                if (entry is null)
                {
                    s.Memory[key.Value] = true;
                }

                return entry;
            },
        }),
        new("finds nothing by an empty key", "An empty key is refused by FindAsync", static () => new BrokenStorage
        {
            Find = static (s, key, token) => key.Value.Length == 0 ? Task.FromResult<StorageEntry?>(null) : s.Sound.FindAsync(key, token),
        }),
        new("makes an error of what is not found", "A key of which nothing is known is not found", static () => new BrokenStorage
        {
            Find = static async (s, key, token) => await s.Sound.FindAsync(key, token) ?? throw new StorageException(StorageErrorKind.NotFound, key.Value, "404"),
        }),
    ];

    private static IEnumerable<StorageMutant> Calls =>
    [
        Write("hears no token", "A write whose content never comes can be cancelled", static (s, key, content, options, token) => s.Sound.WriteAsync(key, content, options, CancellationToken.None)),
        Write("publishes although it was cancelled", "A write that is cancelled when its content ends publishes nothing", static async (s, key, content, options, token) =>
        {
            token.ThrowIfCancellationRequested();
            return await s.PutAsync(key, await BrokenStorage.DrainAsync(content, token), options);
        }),
        Write("wraps its cancellation", "A creation that was cancelled before it began does nothing", static async (s, key, content, options, token) =>
        {
            try
            {
                return await s.Sound.WriteAsync(key, content, options, token);
            }
            catch (OperationCanceledException failure)
            {
                throw new StorageException(StorageErrorKind.Unavailable, key.Value, "timed out", isTransient: true, failure);
            }
        }),
        Write("publishes what there was when it was cancelled", "A large write that is cancelled half-way publishes nothing", static async (s, key, content, options, token) =>
        {
            using var bytes = new MemoryStream();
            try
            {
                await BrokenStorage.DrainAsync(content, bytes, token);
            }
            catch (OperationCanceledException)
            {
                await s.PutAsync(key, bytes.ToArray(), options);
                throw;
            }

            return await s.PutAsync(key, bytes.ToArray(), options);
        }),
        Read("hears no token", "A read into a full pipe can be cancelled", static (s, key, destination, options, token) => s.Sound.ReadAsync(key, destination, options, CancellationToken.None)),
        new("writes one object at a time", "As many writes as declared wait for their content side by side", static () => OneAtATime(1)),
        new("serves fewer calls than it declares", "As many writes as declared wait for their content side by side", static () => OneAtATime(8)),
        new("holds a lock while it reads", "A read that waits for its reader holds up no other call", static () => LockedRead()),
        new("declares too little for a backup", "A backup finds enough concurrency", static () => new BrokenStorage { Declared = new StorageCapabilities { LeastConcurrency = 1 } }),
        new("declares nonsense", "Capabilities make sense", static () => new BrokenStorage { Declared = new StorageCapabilities { LeastConcurrency = 0 } }),
    ];

    private static BrokenStorage OneAtATime(int number)
    {
        var turn = new SemaphoreSlim(number);
        return new BrokenStorage
        {
            Write = async (s, key, content, options, token) =>
            {
                await turn.WaitAsync(token);
                try
                {
                    return await s.Sound.WriteAsync(key, content, options, token);
                }
                finally
                {
                    turn.Release();
                }
            },
        };
    }

    private static BrokenStorage LockedRead()
    {
        var turn = new SemaphoreSlim(1);
        return new BrokenStorage
        {
            Read = async (s, key, destination, options, token) =>
            {
                await turn.WaitAsync(token);
                try
                {
                    return await s.Sound.ReadAsync(key, destination, options, token);
                }
                finally
                {
                    turn.Release();
                }
            },
        };
    }

    private static bool Like(string text, string pattern) =>
        text.Length >= pattern.Length && !pattern.Where((c, i) => c is not ('_' or '*') && text[i] != c).Any();

    private static StorageMutant Write(string flaw, string caughtBy, BrokenStorage.WriteVerb write) => new(flaw, caughtBy, () => new BrokenStorage { Write = write });

    private static StorageMutant Read(string flaw, string caughtBy, BrokenStorage.ReadVerb read) => new(flaw, caughtBy, () => new BrokenStorage { Read = read });

    private static StorageMutant List(
        string flaw, string caughtBy, Func<BrokenStorage, StoragePrefix, IAsyncEnumerable<StorageEntry>, IAsyncEnumerable<StorageEntry>> list) => new(flaw, caughtBy, () => new BrokenStorage { List = list });

    private static StorageMutant Delete(string flaw, string caughtBy, Func<BrokenStorage, StorageKey, CancellationToken, Task> delete) => new(flaw, caughtBy, () => new BrokenStorage { Delete = delete });

    private static StorageMutant Rename(string flaw, string caughtBy, Func<string, string> rename) =>
        new(flaw, caughtBy, () => new BrokenStorage { Rename = key => StorageKey.Parse(rename(key.Value)) });
}
