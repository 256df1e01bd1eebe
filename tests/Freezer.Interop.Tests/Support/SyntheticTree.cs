using System.Globalization;
using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>A tree of some thousand entries: an <see cref="OddTree"/> beside folders that a <see cref="TreeMutator"/> fills and changes. One seed, one history.</summary>
internal sealed class SyntheticTree
{
    private const int Folders = 16;
    private const int EntriesInFolder = 150;
    private const int ChangesInFolder = 12;
    private const int FilesInWide = 600;

    private readonly string _root;
    private readonly OddTree _odd;
    private readonly TreeMutator[] _mutators;

    internal SyntheticTree(string root, int seed, bool beyondTar = true)
    {
        _root = root;
        _odd = new OddTree(Path.Combine(root, "odd"), beyondTar);
        _odd.Make();
        MakeWide();
        _mutators = new TreeMutator[Folders];
        for (int i = 0; i < Folders; i++)
        {
            string folder = Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"random-{i}"));
            Directory.CreateDirectory(folder);
            _mutators[i] = new TreeMutator(folder, (seed * Folders) + i);
            _mutators[i].Grow(EntriesInFolder);
        }
    }

    /// <summary>How many rounds of changes there are.</summary>
    internal const int Rounds = 3;

    /// <summary>Changes a little of everything.</summary>
    internal void Change(int round)
    {
        _odd.Change(round);
        foreach (TreeMutator mutator in _mutators)
        {
            mutator.Mutate(ChangesInFolder);
        }

        // One of a directory's many files; and between folders, which no mutator crosses.
        File.WriteAllText(Path.Combine(_root, "wide", $"file-{round}"), "changed");
        File.Delete(Path.Combine(_root, "wide", $"file-1{round}"));
        Directory.Move(Path.Combine(_root, "random-0"), Path.Combine(_root, "random-x"));
        Directory.Move(Path.Combine(_root, "random-1"), Path.Combine(_root, "random-0"));
        Directory.Move(Path.Combine(_root, "random-x"), Path.Combine(_root, "random-1"));
    }

    private void MakeWide()
    {
        string wide = Path.Combine(_root, "wide");
        Directory.CreateDirectory(wide);
        for (int i = 0; i < FilesInWide; i++)
        {
            File.WriteAllText(Path.Combine(wide, $"file-{i}"), $"{i}");
        }
    }
}
