using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Freezer.Tests.Support;

namespace Freezer.Cli.Tests;

/// <summary>Encrypted repositories, their keys, and the sample that decrypts them without the library.</summary>
public sealed class EncryptionTests : IDisposable
{
    private const string Secret = "Known-Plain-Text";

    private readonly ScratchDirectory _scratch = new();
    private readonly string _source;
    private readonly string _store;
    private readonly string _passphrase;
    private readonly string _key;

    public EncryptionTests()
    {
        _source = _scratch.Make("source");
        File.WriteAllText(PathOf("source", $"{Secret}.txt"), Secret);
        File.WriteAllBytes(PathOf("source", "noise"), RandomNumberGenerator.GetBytes(2_500_000));
        _store = PathOf("store");
        _passphrase = Write("passphrase", "correct horse\r\nwhat follows does not count\n");
        _key = PathOf("key");
        File.WriteAllBytes(_key, RandomNumberGenerator.GetBytes(32));
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_tree_is_backed_up_with_a_passphrase_and_restored_with_it()
    {
        Backup("--passphrase-file", _passphrase).ShouldEndWith(0);
        File.WriteAllText(PathOf("source", "more"), "more");
        ((int)Backup("--passphrase-file", _passphrase).ShouldEndWith(0).Document["level"]!).Should().Be(1);

        string restored = PathOf("restored");
        Restore(restored, "--passphrase-file", _passphrase).ShouldEndWith(0);
        Tool.Run("diff", ["-r", _source, restored]);
        FilesWith(Secret).Should().BeEmpty();
        JsonNode listed = Run("list", "--passphrase-file", _passphrase).ShouldEndWith(0).Document["backups"]![1]!;
        ((bool)listed["encrypted"]!).Should().BeTrue();
        ((string?)listed["source"]).Should().Be(_source);
    }

    [Fact]
    public void Without_the_right_key_nothing_is_told_restored_or_written()
    {
        Backup("--key-file", _key).ShouldEndWith(0);
        string other = PathOf("other");
        File.WriteAllBytes(other, RandomNumberGenerator.GetBytes(32));
        string[] before = Files();

        Fails(Backup(), "no key was given");
        Fails(Backup("--key-file", other), "none of the keys");
        Fails(Backup("--passphrase-file", _passphrase), "of the kind 'passphrase'");
        Fails(Restore(PathOf("restored")), "no key was given");
        Fails(Restore(PathOf("restored"), "--key-file", other), "none of the keys");
        JsonNode listed = Run("list").ShouldEndWith(0).Document["backups"]![0]!;
        ((string?)listed["problem"]).Should().Contain("no key was given");
        ((string?)listed["source"]).Should().BeEmpty();
        Directory.Exists(PathOf("restored")).Should().BeFalse();
        Files().Should().Equal(before);
    }

    [Fact]
    public void Files_that_hold_no_key_are_refused_before_anything_is_made()
    {
        Fails(Backup("--passphrase-file", Write("empty", "")), "is empty", status: 2);
        Fails(Backup("--passphrase-file", Write("line", "\nsecond line")), "is empty", status: 2);
        Fails(Backup("--passphrase-file", Write("mark", "\uFEFF\n")), "is empty", status: 2);
        Fails(Backup("--key-file", Write("short", "short")), "has 5 bytes, and a key has 32", status: 2);
        Fails(Backup("--key-file", PathOf("missing")), "cannot be read");
        Fails(Backup("--passphrase-file", _scratch.Path), "cannot be read");
        Directory.Exists(_store).Should().BeFalse();
    }

    [Fact]
    public void A_slot_with_too_few_rounds_is_refused()
    {
        Backup("--passphrase-file", _passphrase).ShouldEndWith(0);
        string slot = Path.Combine(_store, "keys", "1");
        File.WriteAllText(slot, File.ReadAllText(slot).Replace("600000", "599999", StringComparison.Ordinal));

        Fails(Backup("--passphrase-file", _passphrase), "'599999' rounds, and must have 600000");
    }

    [Fact]
    public void Keys_are_added_changed_removed_listed_and_rotated()
    {
        Backup("--key-file", _key).ShouldEndWith(0);
        ((string?)Run("key", "add", "--key-file", _key, "--new-passphrase-file", _passphrase).ShouldEndWith(0).Document["slot"]).Should().Be("2");
        Keys().Should().Equal("1 raw", "2 passphrase");
        Restore(PathOf("first"), "--passphrase-file", _passphrase).ShouldEndWith(0);

        string other = PathOf("other");
        File.WriteAllBytes(other, RandomNumberGenerator.GetBytes(32));
        Run("key", "change", "1", "--passphrase-file", _passphrase, "--new-key-file", other).ShouldEndWith(0);
        Fails(Restore(PathOf("second"), "--key-file", _key), "none of the keys");
        Restore(PathOf("second"), "--key-file", other).ShouldEndWith(0);

        Run("key", "remove", "2", "--key-file", other).ShouldEndWith(0);
        Fails(Run("key", "remove", "1", "--key-file", other), "the last one");
        Fails(Run("key", "remove", "7", "--key-file", other), "has no key 7");
        Keys().Should().Equal("1 raw");

        ((string?)Run("key", "rotate", "--key-file", other).ShouldEndWith(0).Document["dataKey"]).Should().NotBeNullOrEmpty();
        ((int)Backup("--key-file", other).ShouldEndWith(0).Document["level"]!).Should().Be(1);
        ((int)Backup("--key-file", other, "--full").ShouldEndWith(0).Document["level"]!).Should().Be(0);
        Directory.GetFiles(Path.Combine(_store, "data-keys")).Should().HaveCount(2);
        Restore(PathOf("third"), "--key-file", other).ShouldEndWith(0);
    }

    [Theory]
    [InlineData("--key-file")]
    [InlineData("--passphrase-file")]
    public void The_format_is_open_a_program_of_its_own_decrypts_every_object(string option)
    {
        string key = option == "--key-file" ? _key : _passphrase;
        Backup(option, key, "--compression", "none").ShouldEndWith(0);
        string folder = Path.GetRelativePath(_store, Path.GetDirectoryName(Directory.GetFiles(_store, "engine_metadata", SearchOption.AllDirectories).Single())!);

        (int status, byte[] archive) = FreezerProgram.Decrypt(_store, option, key, $"{folder}/data");
        status.Should().Be(0);
        string tar = PathOf("archive.tar");
        File.WriteAllBytes(tar, archive);
        string restored = _scratch.Make("restored");
        Tool.Run("tar", ["--extract", "--incremental", "--directory", restored, "--file", tar]);
        Tool.Run("diff", ["-r", _source, restored]);
        FreezerProgram.Decrypt(_store, option, key, $"{folder}/engine_metadata").Output.Should().StartWith("FZTM"u8.ToArray());
        FreezerProgram.Decrypt(_store, option, key, $"{folder}/index").Output.Should().NotBeEmpty();
        string metadata = Encoding.UTF8.GetString(FreezerProgram.Decrypt(_store, option, key, $"metadata{folder[4..]}/metadata").Output);
        ((string?)JsonNode.Parse(metadata)!["source"]!["path"]).Should().Be(_source);

        string data = Path.Combine(_store, folder, "data");
        File.WriteAllBytes(data, File.ReadAllBytes(data)[..(1 << 20)]);
        FreezerProgram.Decrypt(_store, option, key, $"{folder}/data").Status.Should().Be(1, "it was cut off after a segment");
    }

    [Fact]
    public void What_a_repair_has_stored_is_decrypted_too()
    {
        Backup("--key-file", _key, "--compression", "none").ShouldEndWith(0);
        string folder = Path.GetRelativePath(_store, Path.GetDirectoryName(Directory.GetFiles(_store, "engine_metadata", SearchOption.AllDirectories).Single())!);
        byte[] manifest = FreezerProgram.Decrypt(_store, "--key-file", _key, $"{folder}/engine_metadata").Output;
        File.Delete(Path.Combine(_store, folder, "engine_metadata"));
        Run("repair", "--name", "n", "--key-file", _key).ShouldEndWith(0);

        FreezerProgram.Decrypt(_store, "--key-file", _key, $"{folder}/repair-1/engine_metadata").Output.Should().StartWith(manifest.AsSpan(0, 6).ToArray());
        FreezerProgram.Decrypt(_store, "--key-file", _key, $"{folder}/repair-1/index").Output.Should().NotBeEmpty();
        string document = Encoding.UTF8.GetString(FreezerProgram.Decrypt(_store, "--key-file", _key, $"metadata{folder[4..]}/repair-1").Output);
        ((int?)JsonNode.Parse(document)!["repair"]).Should().Be(1);
        FreezerProgram.Decrypt(_store, "--key-file", _key, "data").Status.Should().Be(2, "there is no such object in a repository");
    }

    private ProgramRun Backup(params string[] options) => FreezerProgram.Run(["backup", "--storage", _store, "--name", "n", "--json", .. options, _source]);

    private ProgramRun Restore(string destination, params string[] options) =>
        FreezerProgram.Run(["restore", "--storage", _store, "--name", "n", "--json", .. options, destination]);

    private ProgramRun Run(params string[] arguments) => FreezerProgram.Run([.. arguments, "--storage", _store, "--json"]);

    private static void Fails(ProgramRun run, string message, int status = 1) =>
        ((string?)run.ShouldEndWith(status).Document["error"]).Should().Contain(message);

    private IEnumerable<string> Keys() =>
        Run("key", "list").ShouldEndWith(0).Document["keys"]!.AsArray().Select(static key => $"{key!["slot"]} {key["kind"]}");

    private string[] Files() => [.. Directory.GetFiles(_store, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private IEnumerable<string> FilesWith(string text) => Files().Where(file => File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);

    private string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    private string PathOf(params string[] names) => Path.Combine([_scratch.Path, .. names]);
}
