using System.Reflection;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Tests.Architecture;

/// <summary>Arrows run one way: engines know the workflow, the workflow knows storages, formats and platform are the ground floor.</summary>
public sealed class RoomTests
{
    private const string Root = "Freezer";
    private const string Engines = "Freezer.Engines";

    private static readonly Assembly _library = typeof(BackupEngine).Assembly;

    /// <summary>Words that every room may use.</summary>
    private static readonly Type[] _words = [typeof(EntryPath)];

    /// <summary>Each room of the library, and the rooms that it may know beside itself. The root namespace is the workflow.</summary>
    public static TheoryData<string, string[]> Rooms => new()
    {
        { "Freezer.Platform", [] },
        { "Freezer.Formats", ["Freezer.Platform"] },
        { "Freezer.Storage", ["Freezer.Platform"] },
        { "Freezer.Dataflow", [Root, "Freezer.Storage", "Freezer.Formats", "Freezer.Platform"] },
        { "Freezer.Diagnostics", [Root] },
        { "Freezer.Keys", [Root, "Freezer.Dataflow", "Freezer.Storage", "Freezer.Formats"] },
        { "Freezer.Catalog", [Root, "Freezer.Keys", "Freezer.Dataflow", "Freezer.Diagnostics", "Freezer.Storage", "Freezer.Formats"] },
        { Root, ["Freezer.Catalog", "Freezer.Keys", "Freezer.Dataflow", "Freezer.Diagnostics", "Freezer.Storage"] },
        { Engines, [Root, "Freezer.Dataflow", "Freezer.Storage", "Freezer.Formats", "Freezer.Platform"] },
        { "Freezer.Drivers", [Root, Engines, "Freezer.Catalog", "Freezer.Keys", "Freezer.Dataflow", "Freezer.Storage"] },
    };

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_knows_only_those_below_it(string room, string[] mayKnow) =>
        References()
            .Where(reference => RoomOf(reference.From) == room)
            .Where(reference => RoomOf(TypeOf(reference.To)) is { } other && other != room && !mayKnow.Contains(other))
            .Select(static reference => $"{reference.From} knows {TypeOf(reference.To)}").Distinct()
            .Should().BeEmpty();

    [Fact]
    public void Every_type_lives_in_a_room() =>
        _library.GetTypes().Where(static type => type.Namespace?.StartsWith(Root, StringComparison.Ordinal) == true && RoomOf(type) is null && !_words.Contains(type))
            .Should().BeEmpty();

    [Fact]
    public void Engines_know_nothing_of_each_other() =>
        References()
            .Where(static reference => RoomOf(reference.From) == Engines && RoomOf(TypeOf(reference.To)) == Engines)
            .Where(static reference => EngineOf(reference.From) != EngineOf(TypeOf(reference.To)))
            .Should().BeEmpty();

    [Fact]
    public void Engines_know_the_contract_of_a_storage_and_no_storage() =>
        References()
            .Where(static reference => RoomOf(reference.From) == Engines && TypeOf(reference.To) is { IsInterface: false } type && type.IsAssignableTo(typeof(IStorage)))
            .Should().BeEmpty();

    [Fact]
    public void Engines_do_nothing_with_the_workflow_that_an_engine_of_another_assembly_could_not() =>
        References()
            .Where(static reference => RoomOf(reference.From) == Engines && RoomOf(TypeOf(reference.To)) == Root && !IsVisible(reference.To))
            .Select(static reference => $"{reference.From} uses {TypeOf(reference.To)}.{reference.To.Name}").Distinct()
            .Should().BeEmpty();

    [Fact]
    public void Code_references_see_what_a_method_does()
    {
        HashSet<MemberInfo> references = CodeReferences.Of(typeof(Sample));

        references.Should().Contain([typeof(FileStorage), typeof(StorageKey), typeof(StorageException), typeof(MemoryStorage)]);
        references.Should().Contain(typeof(StorageKey).GetMethod(nameof(StorageKey.Parse))!);
        references.Should().NotContain(typeof(StoragePrefix));
    }

    private static IEnumerable<(Type From, MemberInfo To)> References() =>
        from type in _library.GetTypes()
        from member in CodeReferences.Of(type)
        where TypeOf(member).Assembly == _library
        select (type, member);

    private static Type TypeOf(MemberInfo member) => member as Type ?? member.DeclaringType!;

    private static string? RoomOf(Type type) => type.Namespace switch
    {
        null => null,
        _ when _words.Contains(type) => null,
        Root => Root,
        { } name => Rooms.Select(static row => (string)row[0]).FirstOrDefault(room => room != Root && (name == room || name.StartsWith(room + ".", StringComparison.Ordinal))),
    };

    private static string EngineOf(Type type) => type.Namespace!.Split('.')[2];

    /// <summary>Whether code of another assembly can use a member: by calling it, or as a deriving class.</summary>
    private static bool IsVisible(MemberInfo member) => member switch
    {
        Type type => type.IsVisible,
        MethodBase method => method.DeclaringType!.IsVisible && (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly),
        FieldInfo field => field.DeclaringType!.IsVisible && (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly),
        _ => true,
    };

    /// <summary>Refers to types in a field, in a call, in a handler and in a type argument.</summary>
    private sealed class Sample(FileStorage storage)
    {
        internal bool Use(List<MemoryStorage> storages)
        {
            try
            {
                return StorageKey.Parse(storage.Root) == default && storages.Count > 0;
            }
            catch (StorageException)
            {
                return false;
            }
        }
    }
}
