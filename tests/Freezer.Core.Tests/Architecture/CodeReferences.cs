using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace Freezer.Tests.Architecture;

/// <summary>What the compiled code of a type refers to: in its signatures and in the bodies of its methods.</summary>
internal static class CodeReferences
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
    private const int TwoByteStart = 0xFE;

    private static readonly Dictionary<int, OpCode> _opCodes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(static field => (OpCode)field.GetValue(null)!)
        .ToDictionary(static code => code.Value & 0xFFFF);

    /// <summary>The members that a type refers to, and the types among them.</summary>
    internal static HashSet<MemberInfo> Of(Type type)
    {
        var members = new HashSet<MemberInfo>();
        AddType(members, type.BaseType);
        foreach (Type contract in type.GetInterfaces())
        {
            AddType(members, contract);
        }

        foreach (FieldInfo field in type.GetFields(Own))
        {
            AddType(members, field.FieldType);
        }

        foreach (MethodBase method in type.GetMethods(Own).Concat<MethodBase>(type.GetConstructors(Own)))
        {
            AddSignature(members, method);
            AddBody(members, method);
        }

        members.Remove(type);
        return members;
    }

    private static void AddSignature(HashSet<MemberInfo> members, MethodBase method)
    {
        AddType(members, (method as MethodInfo)?.ReturnType);
        foreach (ParameterInfo parameter in method.GetParameters())
        {
            AddType(members, parameter.ParameterType);
        }
    }

    private static void AddBody(HashSet<MemberInfo> members, MethodBase method)
    {
        if (method.GetMethodBody() is not { } body || body.GetILAsByteArray() is not { } code)
        {
            return;
        }

        foreach (LocalVariableInfo local in body.LocalVariables)
        {
            AddType(members, local.LocalType);
        }

        foreach (ExceptionHandlingClause clause in body.ExceptionHandlingClauses)
        {
            AddType(members, clause.Flags == ExceptionHandlingClauseOptions.Clause ? clause.CatchType : null);
        }

        for (int at = 0; at < code.Length;)
        {
            int value = code[at] == TwoByteStart ? (TwoByteStart << 8) | code[at + 1] : code[at];
            OpCode opCode = _opCodes[value];
            at += opCode.Size;
            switch (opCode.OperandType)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    AddMember(members, Resolve(method, BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at))));
                    break;
                case OperandType.InlineSwitch:
                    at += sizeof(int) * BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at));
                    break;
            }

            at += LengthOf(opCode.OperandType);
        }
    }

    private static MemberInfo? Resolve(MethodBase method, int token) => method.Module.ResolveMember(
        token,
        method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null,
        method is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericArguments() : null);

    private static void AddMember(HashSet<MemberInfo> members, MemberInfo? member)
    {
        switch (member)
        {
            case Type type:
                AddType(members, type);
                break;
            case FieldInfo field:
                members.Add(field);
                AddType(members, field.DeclaringType);
                AddType(members, field.FieldType);
                break;
            case MethodBase method:
                members.Add(method is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericMethodDefinition() : method);
                AddType(members, method.DeclaringType);
                AddSignature(members, method);
                break;
        }
    }

    private static void AddType(HashSet<MemberInfo> members, Type? type)
    {
        while (type is { HasElementType: true })
        {
            type = type.GetElementType();
        }

        if (type is null || type.IsGenericParameter)
        {
            return;
        }

        foreach (Type argument in type.GenericTypeArguments)
        {
            AddType(members, argument);
        }

        members.Add(type.IsGenericType ? type.GetGenericTypeDefinition() : type);
    }

    private static int LengthOf(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => sizeof(byte),
        OperandType.InlineVar => sizeof(short),
        OperandType.InlineI8 or OperandType.InlineR => sizeof(long),
        _ => sizeof(int),
    };
}
