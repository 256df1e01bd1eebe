namespace Freezer.Tests.Storage.PowerCut;

/// <summary>What becomes of that which was not synced when the power goes.</summary>
internal enum Loss
{
    /// <summary>Everything that was not synced is gone.</summary>
    Dropped,

    /// <summary>Every name is there, and content that was not synced is gone: the files are as long as they were, and hold zeros.</summary>
    NamesWithoutContent,

    /// <summary>Every name is there, and the last write of each file that was not synced is torn in the middle.</summary>
    NamesWithTornContent,

    /// <summary>Each change of a name and each write is there or not, as it comes.</summary>
    Random,
}

/// <summary>A disk that keeps what POSIX says it must keep, and of the rest what a power cut leaves.</summary>
/// <remarks>The content of a file is safe once the file is synced, the names in a directory (those of directories included) once that directory is. Everything else may
/// be lost, each change on its own; a name may outlive the content that it names. Changes of one name keep their order.</remarks>
internal sealed class SimulatedDisk
{
    private readonly string _root;
    private readonly Loss _loss;
    private readonly Random _random;
    private readonly Dictionary<int, List<Written>> _content = [];
    private readonly Dictionary<int, int> _syncedWrites = [];
    private readonly Dictionary<string, Node> _now = [];
    private readonly Dictionary<string, Node> _kept = [];

    private SimulatedDisk(string root, Loss loss, int seed)
    {
        _root = root;
        _loss = loss;
        _random = new Random(seed);
    }

    // A directory is a node without a file.
    private sealed record Node(int File);

    private const int IsDirectory = -1;

    /// <summary>Replays operations, cuts the power, and gives what is on the disk: the paths below the root, in order; directories have no content.</summary>
    internal static SortedDictionary<string, byte[]?> CutAfter(IEnumerable<FileOperation> operations, string root, Loss loss, int seed)
    {
        var disk = new SimulatedDisk(root, loss, seed);
        foreach (FileOperation operation in operations)
        {
            disk.Apply(operation);
        }

        return disk.Cut();
    }

    private void Apply(FileOperation operation)
    {
        switch (operation)
        {
            case Created created:
                _content.Add(created.File, []);
                _now[created.Path] = new Node(created.File);
                break;
            case Written written:
                _content[written.File].Add(written);
                break;
            case FileSynced synced:
                _syncedWrites[synced.File] = _content[synced.File].Count;
                break;
            case Linked linked:
                _now[linked.NewPath] = _now[linked.Path];
                break;
            case Renamed renamed:
                _now[renamed.NewPath] = _now[renamed.Path];
                _now.Remove(renamed.Path);
                break;
            case Removed removed:
                _now.Remove(removed.Path);
                break;
            case DirectoryCreated created:
                _now[created.Path] = new Node(IsDirectory);
                break;
            case DirectorySynced synced:
                Sync(synced.Path);
                break;
        }
    }

    /// <summary>The names of a directory are on the disk as they are now.</summary>
    private void Sync(string directory)
    {
        foreach (string path in NamesIn(directory))
        {
            Take(path);
        }
    }

    private List<string> NamesIn(string directory) =>
        [.. _now.Keys.Union(_kept.Keys).Where(path => Path.GetDirectoryName(path) == directory).Order(StringComparer.Ordinal)];

    private void Take(string path)
    {
        if (_now.TryGetValue(path, out Node? node))
        {
            _kept[path] = node;
        }
        else
        {
            _kept.Remove(path);
        }
    }

    private SortedDictionary<string, byte[]?> Cut()
    {
        if (_loss != Loss.Dropped)
        {
            foreach (string path in (List<string>)[.. _now.Keys.Union(_kept.Keys).Order(StringComparer.Ordinal)])
            {
                if (_loss != Loss.Random || _random.Next(2) == 0)
                {
                    Take(path);
                }
            }
        }

        var left = new SortedDictionary<string, byte[]?>(StringComparer.Ordinal);
        foreach ((string path, Node node) in _kept)
        {
            if (IsReachable(path))
            {
                left.Add(Path.GetRelativePath(_root, path), node.File == IsDirectory ? null : ContentOf(node.File));
            }
        }

        return left;
    }

    /// <summary>A name whose directory is lost is lost with it.</summary>
    private bool IsReachable(string path)
    {
        for (string parent = Path.GetDirectoryName(path)!; parent.Length > _root.Length; parent = Path.GetDirectoryName(parent)!)
        {
            if (!_kept.TryGetValue(parent, out Node? node) || node.File != IsDirectory)
            {
                return false;
            }
        }

        return true;
    }

    private byte[] ContentOf(int file)
    {
        List<Written> writes = _content[file];
        int synced = _syncedWrites.GetValueOrDefault(file);
        var content = new MemoryStream();
        for (int i = 0; i < writes.Count; i++)
        {
            byte[] bytes = writes[i].Content;
            int length = i < synced ? bytes.Length : _loss switch
            {
                Loss.Dropped => 0,
                Loss.NamesWithoutContent => 0,
                Loss.NamesWithTornContent => i == writes.Count - 1 ? bytes.Length / 2 : bytes.Length,
                _ => _random.Next(bytes.Length + 1),
            };
            content.Position = writes[i].Offset;
            content.Write(bytes, 0, length);
            if (_loss == Loss.NamesWithoutContent && i >= synced)
            {
                content.Write(new byte[bytes.Length - length]);
            }
        }

        return content.ToArray();
    }
}
