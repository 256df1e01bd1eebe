using System.CommandLine;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>What can be done with the keys of an encrypted repository.</summary>
internal sealed class KeyCommand : Command
{
    internal KeyCommand()
        : base("key", "Add, change, remove and list the keys of an encrypted repository. The first backup with a key makes one.")
    {
        Add(new AddVerb());
        Add(new ChangeVerb());
        Add(new RemoveVerb());
        Add(new ListKeysVerb());
        Add(new RotateVerb());
    }

    /// <summary>A verb that needs a key which opens the repository.</summary>
    private abstract class OpeningVerb : Verb
    {
        protected OpeningVerb(string name, string description)
            : base(name, description)
        {
            Add(CommonOptions.Storage);
            Add(CommonOptions.Quorum);
            Add(CommonOptions.PassphraseFile);
            Add(CommonOptions.KeyFile);
        }

        protected abstract Task<Report> DoAsync(ParseResult arguments, KeyRing keys, CancellationToken cancellationToken);

        protected override async Task<Report> DoAsync(ParseResult arguments, Output output, CancellationToken cancellationToken)
        {
            IKeyProvider key = KeyOptions.Read(arguments)
                ?? throw new ArgumentException($"Give a key that opens the repository, with {CommonOptions.PassphraseFile.Name} or {CommonOptions.KeyFile.Name}.");
            using var cleared = key as IDisposable;
            await using IStorage storage = await OpenStorageAsync(arguments, mayCreate: false, cancellationToken);
            using KeyRing keys = await KeyRing.OpenAsync(storage, key, cancellationToken: cancellationToken);
            return await DoAsync(arguments, keys, cancellationToken);
        }
    }

    /// <summary>A verb that is given a new key too.</summary>
    private abstract class NewKeyVerb : OpeningVerb
    {
        private readonly Option<string> _passphraseFile =
            CommonOptions.OptionOf("--new-passphrase-file", "FILE", "The new passphrase: the first line of this file.", static text => text);

        private readonly Option<string> _keyFile = CommonOptions.OptionOf("--new-key-file", "FILE", "The new key: the 32 bytes of this file.", static text => text);

        protected NewKeyVerb(string name, string description)
            : base(name, description)
        {
            Add(_passphraseFile);
            Add(_keyFile);
        }

        protected abstract Task<KeySlot> WriteAsync(ParseResult arguments, KeyRing keys, IKeyProvider newKey, CancellationToken cancellationToken);

        protected override async Task<Report> DoAsync(ParseResult arguments, KeyRing keys, CancellationToken cancellationToken)
        {
            IKeyProvider newKey = KeyOptions.Read(arguments, _passphraseFile, _keyFile)
                ?? throw new ArgumentException($"Give the new key, with {_passphraseFile.Name} or {_keyFile.Name}.");
            using var cleared = newKey as IDisposable;
            KeySlot slot = await WriteAsync(arguments, keys, newKey, cancellationToken);
            return new KeyReport { Status = Report.CompleteStatus, Slot = slot.Name, Text = $"The key {slot.Name}, of the kind {slot.Kind}, opens the repository." };
        }
    }

    private sealed class AddVerb() : NewKeyVerb("add", "Add a key that opens the repository. No data is rewritten.")
    {
        protected override Task<KeySlot> WriteAsync(ParseResult arguments, KeyRing keys, IKeyProvider newKey, CancellationToken cancellationToken) =>
            keys.AddAsync(newKey, cancellationToken);
    }

    private sealed class ChangeVerb : NewKeyVerb
    {
        private readonly Argument<string> _slot = SlotArgument();

        internal ChangeVerb()
            : base("change", "Put another key in the place of one. No data is rewritten.") => Add(_slot);

        protected override Task<KeySlot> WriteAsync(ParseResult arguments, KeyRing keys, IKeyProvider newKey, CancellationToken cancellationToken) =>
            keys.ChangeAsync(arguments.GetRequiredValue(_slot), newKey, cancellationToken);
    }

    private sealed class RemoveVerb : OpeningVerb
    {
        private readonly Argument<string> _slot = SlotArgument();

        internal RemoveVerb()
            : base("remove", "Remove a key: it does not open the repository any more. The last one stays.") => Add(_slot);

        protected override async Task<Report> DoAsync(ParseResult arguments, KeyRing keys, CancellationToken cancellationToken)
        {
            string slot = arguments.GetRequiredValue(_slot);
            await keys.RemoveAsync(slot, cancellationToken);
            return new KeyReport { Status = Report.CompleteStatus, Slot = slot, Text = $"The key {slot} does not open the repository any more." };
        }
    }

    private sealed class RotateVerb() : OpeningVerb("rotate", "Give the chains that begin from now on a new data key. Older ones open as before.")
    {
        protected override async Task<Report> DoAsync(ParseResult arguments, KeyRing keys, CancellationToken cancellationToken)
        {
            Guid dataKey = await keys.RotateAsync(cancellationToken);
            return new KeyReport { Status = Report.CompleteStatus, DataKey = dataKey, Text = $"New chains are encrypted with the data key {dataKey:N}." };
        }
    }

    private sealed class ListKeysVerb : Verb
    {
        internal ListKeysVerb()
            : base("list", "List the keys that open the repository.")
        {
            Add(CommonOptions.Storage);
            Add(CommonOptions.Quorum);
        }

        protected override async Task<Report> DoAsync(ParseResult arguments, Output output, CancellationToken cancellationToken)
        {
            await using IStorage storage = await OpenStorageAsync(arguments, mayCreate: false, cancellationToken);
            var keys = new List<ListedKey>();
            await foreach (KeySlot slot in KeyRing.ListAsync(storage, cancellationToken))
            {
                keys.Add(ListedKey.Of(slot));
            }

            return new KeyListReport { Status = Report.CompleteStatus, Keys = keys };
        }
    }

    private static Argument<string> SlotArgument() => new("SLOT") { Description = "The key, by its name in the list." };
}
