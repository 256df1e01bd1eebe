namespace Freezer.Testing.StorageChecks;

/// <summary>The rules of the storage contract, in the words that a failed check shows to who has to keep them.</summary>
internal static class Rules
{
    internal const string Capabilities = "Capabilities tell callers what they may count on. They are constant for the storage's lifetime, and a backup holds four operations open at the same time.";
    internal const string Content = "What was written comes back byte by byte, whatever its length and in whatever pieces it arrived. Read the pipe until IsCompleted, use the whole buffer, and count what you stored.";
    internal const string Hint = "LengthHint is only a hint. It may be wrong, so it never cuts, pads or fails a write: the end of the content is where the pipe ends.";
    internal const string Keys = "A StorageKey has been validated: take every one as it is. Escape what your medium cannot hold, and undo it when you list; never fold case, trim, or normalise.";
    internal const string EmptyKey = "default(StorageKey) is empty and names nothing. Refuse it with an ArgumentException before anything is touched.";
    internal const string Whole = "An object is visible whole or not at all. Write beside the final name (a temporary file, a multipart upload, a transaction) and publish in one step once the content has ended.";
    internal const string FailedContent = "Content that ends with an exception publishes nothing, and that very exception surfaces. Do not take a failed pipe for the end, and do not wrap what it threw.";
    internal const string Acknowledged = "What a call acknowledged, every later call sees, on whatever thread and connection: the storage reads its own writes.";
    internal const string Create = "CreateNew fails with AlreadyExists where the key is taken and leaves what is there untouched. Up to AtomicCreateLimit exactly one of several racing writers wins: let the medium decide (O_EXCL, a link, If-None-Match, a unique index), do not look first and write then.";
    internal const string Replace = "Replace puts the new object in the place of the old one in one step, and makes one where there is none. Readers see the old content or the new one, never none and never a mixture.";
    internal const string Versions = "A version names a content. It differs once an object holds other bytes, so that a read that is resumed cannot splice two contents together.";
    internal const string OnlyVersion = "ReadOptions.Version asks for that version only; another one fails with VersionMismatch. ReadOptions.Resolve checks it for you.";
    internal const string Missing = "What is not there is NotFound to a read and null to FindAsync. A prefix of a key is not an object.";
    internal const string Range = "A range delivers exactly its bytes, and the entry tells of the whole object. ReadOptions.Resolve checks it for you.";
    internal const string OutOfRange = "A range that does not lie within the object fails with OutOfRange and delivers nothing; it is never shortened. Mind sums that overflow.";
    internal const string Errors = "A failure of the storage is a StorageException with the kind and the key, transient only where the same call may succeed later.";
    internal const string List = "A listing shows every object below the prefix once, with what FindAsync tells of it, across all pages.";
    internal const string Order = "Listings are ordered by the UTF-8 bytes of the keys, unless Capabilities.ListsInOrder is false. StorageKey.CompareTo compares so; text comparison does not.";
    internal const string Prefix = "A prefix is a number of whole segments: 'a' holds 'a/b', and neither 'a' itself nor 'ab/c'. A prefix that nothing is below lists empty.";
    internal const string ListMoving = "A listing that runs while others write and delete shows every object that was there all the time, once.";
    internal const string Delete = "A deletion removes the object and nothing else. Deleting what is missing succeeds.";
    internal const string Pipes = "Whoever made a pipe completes both of its ends. A storage drains the content and fills the destination, and completes neither, whatever the outcome.";
    internal const string Borrowed = "A storage uses a pipe, and the memory that it gave, only until the call returns, and the memory of a read only until AdvanceTo. Copy what you keep, and await what you started.";
    internal const string Flush = "A read flushes what it wrote before it returns.";
    internal const string ReaderGone = "A destination whose reader has completed ends the read early and without an error: nobody wants the rest. Look at FlushResult.IsCompleted.";
    internal const string Pending = "A pending read or flush that is cancelled at the pipe cancels the call with an OperationCanceledException. Look at IsCanceled.";
    internal const string Cancellation = "No change begins after a token is cancelled, and a call that was cancelled did everything or nothing. OperationCanceledException is never wrapped. Pass the token to everything that waits.";
    internal const string Concurrency = "All members may be called at the same time from any number of threads, and at least LeastConcurrency calls go on side by side. Hold no lock while you wait for a pipe.";
    internal const string InFlight = "A read delivers one content: that of the object it began with, or an error. It never goes on with the bytes of another one.";
    internal const string Features = "GetFeature finds an ability by its type, beginning with the storage itself, and returns null for what is not there.";
}
