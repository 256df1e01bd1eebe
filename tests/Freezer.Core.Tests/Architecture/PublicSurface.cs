using System.Globalization;
using System.Reflection;
using System.Text;

namespace Freezer.Tests.Architecture;

/// <summary>The public surface of an assembly as text: a line for each type and each member that callers and derived classes see.</summary>
internal sealed class PublicSurface
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private readonly StringBuilder _text = new();
    private readonly NullabilityInfoContext _nullability = new();

    internal static string Of(Assembly assembly)
    {
        var surface = new PublicSurface();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(static type => type.FullName, StringComparer.Ordinal))
        {
            surface.Describe(type);
        }

        return surface._text.ToString();
    }

    private void Describe(Type type)
    {
        _text.Append(KindOf(type)).Append(' ').Append(type.Namespace).Append('.').Append(TypeName.Of(type));
        string[] bases = [.. Bases(type)];
        _text.Append(bases.Length > 0 ? " : " : "").AppendJoin(", ", bases).Append('\n');
        IEnumerable<string> members = type.IsEnum
            ? type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(static field => $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}")
            : type.GetMembers(Own).Where(member => !IsWrittenByTheCompiler(type, member)).Select(Describe).OfType<string>().Order(StringComparer.Ordinal);
        foreach (string member in members)
        {
            _text.Append("    ").Append(member).Append('\n');
        }

        _text.Append('\n');
    }

    private string? Describe(MemberInfo member) => member switch
    {
        ConstructorInfo constructor when IsSeen(constructor) => $"{Access(constructor)}constructor({Parameters(constructor)})",
        MethodInfo method when IsSeen(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) =>
            $"{Access(method)}{TypeName.Of(_nullability.Create(method.ReturnParameter))} {method.Name}{TypeName.Parameters(method)}({Parameters(method)})",
        PropertyInfo property when property.GetAccessors(nonPublic: true).Any(IsSeen) => DescribeProperty(property),
        FieldInfo field when field.IsPublic || field.IsFamily => $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{TypeName.Of(_nullability.Create(field))} {field.Name}{(field.IsLiteral ? $" = {field.GetRawConstantValue()}" : "")}",
        _ => null,
    };

    private string DescribeProperty(PropertyInfo property)
    {
        MethodInfo accessor = property.GetAccessors(nonPublic: true).First(IsSeen);
        bool isRequired = property.GetCustomAttributesData().Any(static data => data.AttributeType.Name == "RequiredMemberAttribute");
        string get = property.GetMethod is { } getter && IsSeen(getter) ? " get;" : "";
        string set = property.SetMethod is { } setter && IsSeen(setter)
            ? setter.ReturnParameter.GetRequiredCustomModifiers().Any(static modifier => modifier.Name == "IsExternalInit") ? " init;" : " set;"
            : "";
        return $"{Access(accessor)}{(isRequired ? "required " : "")}{TypeName.Of(_nullability.Create(property))} {property.Name} {{{get}{set} }}";
    }

    private string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
    {
        string modifier = parameter.IsOut ? "out " : parameter.IsIn ? "in " : parameter.ParameterType.IsByRef ? "ref " : "";
        string value = !parameter.HasDefaultValue ? "" : $" = {parameter.RawDefaultValue ?? "default"}";
        return $"{modifier}{TypeName.Of(_nullability.Create(parameter))} {parameter.Name}{value}";
    }));

    private static string KindOf(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : type.IsAssignableTo(typeof(Delegate)) ? "delegate"
        : (type.IsAbstract && type.IsSealed ? "static " : type.IsAbstract ? "abstract " : type is { IsSealed: true, IsValueType: false } ? "sealed " : "")
            + (IsRecord(type) ? "record " : "") + (type.IsValueType ? "struct" : "class");

    private static IEnumerable<string> Bases(Type type)
    {
        if (type is { IsClass: true, BaseType: { } parent } && parent != typeof(object))
        {
            yield return TypeName.Of(parent);
        }

        Type[] inherited = type.BaseType?.GetInterfaces() ?? [];
        IEnumerable<Type> contracts = type.IsEnum ? [] : type.GetInterfaces().Except(inherited).Where(static contract => contract.IsVisible);
        foreach (Type contract in contracts.OrderBy(static contract => contract.Name, StringComparer.Ordinal))
        {
            yield return TypeName.Of(contract);
        }
    }

    private static bool IsRecord(Type type) => type.GetMethod("<Clone>$", Own) is not null || type.GetMethod("PrintMembers", Own) is not null;

    /// <summary>What comes with the word record says nothing of its own.</summary>
    private static bool IsWrittenByTheCompiler(Type type, MemberInfo member) =>
        member is MethodInfo && IsRecord(type)
        && member.GetCustomAttributesData().Any(static data => data.AttributeType.Name == "CompilerGeneratedAttribute");

    private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Access(MethodBase method) =>
        (method.IsPublic ? "" : "protected ")
        + (method.IsStatic ? "static "
            : method.DeclaringType!.IsInterface ? ""
            : method.IsAbstract ? "abstract "
            : method.IsVirtual && !method.IsFinal ? method is MethodInfo info && info.GetBaseDefinition() != info ? "override " : "virtual " : "");
}
