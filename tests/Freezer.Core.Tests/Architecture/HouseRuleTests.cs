using System.Reflection;
using Freezer.Storage.S3;
using Freezer.Testing;

namespace Freezer.Tests.Architecture;

/// <summary>What holds for every public type and member of the library, of its storages and of its testing kit.</summary>
public sealed class HouseRuleTests
{
    private static readonly Assembly[] _packages = [typeof(BackupEngine).Assembly, typeof(StorageContract).Assembly, typeof(S3Storage).Assembly];

    private static IEnumerable<Type> PublicTypes => _packages.SelectMany(static package => package.GetExportedTypes());

    private static IEnumerable<MethodInfo> PublicMethods =>
        from type in PublicTypes
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        where (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly) && !method.IsSpecialName
        select method;

    [Fact]
    public void Public_classes_are_sealed_or_made_to_be_derived_from() =>
        PublicTypes
            .Where(static type => type is { IsClass: true, IsSealed: false, IsAbstract: false })
            // The root of the library's exceptions: what has no name of its own is thrown as it is.
            .Where(static type => type != typeof(BackupException))
            .Should().BeEmpty();

    [Fact]
    public void What_can_be_awaited_ends_in_Async() =>
        PublicMethods
            .Where(static method => IsAwaitable(method.ReturnType) && !method.Name.EndsWith("Async", StringComparison.Ordinal))
            .Should().BeEmpty();

    [Fact]
    public void Nothing_else_ends_in_Async() =>
        PublicMethods
            .Where(static method => !IsAwaitable(method.ReturnType) && method.Name.EndsWith("Async", StringComparison.Ordinal))
            .Should().BeEmpty();

    [Fact]
    public void A_cancellation_token_comes_last_and_is_called_cancellationToken() =>
        (from method in PublicMethods
         let parameters = method.GetParameters()
         where parameters.Any(static parameter => parameter.ParameterType == typeof(CancellationToken))
             && parameters[^1] is not { Name: "cancellationToken", ParameterType: var type } | parameters[^1].ParameterType != typeof(CancellationToken)
         select $"{method.DeclaringType}.{method.Name}")
            .Should().BeEmpty();

    [Fact]
    public void Whatever_takes_long_can_be_cancelled() =>
        PublicMethods
            .Where(static method => IsAwaitable(method.ReturnType) && method.Name != nameof(IAsyncDisposable.DisposeAsync))
            .Where(static method => method.GetParameters().All(static parameter => parameter.ParameterType != typeof(CancellationToken)))
            .Should().BeEmpty();

    [Fact]
    public void Options_are_sealed_records_that_can_be_made_without_arguments() =>
        PublicTypes
            .Where(static type => type.IsClass && type.Name.EndsWith("Options", StringComparison.Ordinal))
            .Where(static type => !type.IsSealed || type.GetMethod("<Clone>$") is null || type.GetConstructor(Type.EmptyTypes) is null)
            .Should().BeEmpty();

    [Fact]
    public void No_type_is_a_manager_a_helper_or_a_util() =>
        _packages.SelectMany(static package => package.GetTypes())
            .Where(static type => type.Name.Contains("Manager", StringComparison.Ordinal) || type.Name.Contains("Helper", StringComparison.Ordinal) || type.Name.Contains("Util", StringComparison.Ordinal))
            .Should().BeEmpty();

    private static bool IsAwaitable(Type type) =>
        type == typeof(Task) || type == typeof(ValueTask)
        || (type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Task<>) || type.GetGenericTypeDefinition() == typeof(ValueTask<>) || type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>)));
}
