using System.Runtime.InteropServices;

namespace Freezer.Platform.Linux;

/// <content>The C library's lists of users and groups. These return an error number, not through <c>errno</c>.</content>
internal static unsafe partial class SystemCalls
{
    internal static int FindUserName(uint id, Span<byte> buffer, out byte[]? name)
    {
        fixed (byte* space = buffer)
        {
            Password record;
            Password* found;
            int error = Again(getpwuid_r(id, &record, space, (nuint)buffer.Length, &found));
            name = error == 0 && found != null ? Copy(found->Name) : null;
            return error;
        }
    }

    internal static int FindUserId(ReadOnlySpan<byte> terminatedName, Span<byte> buffer, out uint? id)
    {
        fixed (byte* space = buffer, name = terminatedName)
        {
            Password record;
            Password* found;
            int error = Again(getpwnam_r(name, &record, space, (nuint)buffer.Length, &found));
            id = error == 0 && found != null ? found->UserId : null;
            return error;
        }
    }

    internal static int FindGroupName(uint id, Span<byte> buffer, out byte[]? name)
    {
        fixed (byte* space = buffer)
        {
            Group record;
            Group* found;
            int error = Again(getgrgid_r(id, &record, space, (nuint)buffer.Length, &found));
            name = error == 0 && found != null ? Copy(found->Name) : null;
            return error;
        }
    }

    internal static int FindGroupId(ReadOnlySpan<byte> terminatedName, Span<byte> buffer, out uint? id)
    {
        fixed (byte* space = buffer, name = terminatedName)
        {
            Group record;
            Group* found;
            int error = Again(getgrnam_r(name, &record, space, (nuint)buffer.Length, &found));
            id = error == 0 && found != null ? found->GroupId : null;
            return error;
        }
    }

    /// <summary>An interrupted call is made once more with a larger buffer, as one whose buffer was too small.</summary>
    private static int Again(int error) => error == Errno.Interrupted ? Errno.OutOfRange : error;

    private static byte[] Copy(byte* text) => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text).ToArray();

    [LibraryImport(C)]
    private static partial int getpwuid_r(uint id, Password* record, byte* buffer, nuint length, Password** result);

    [LibraryImport(C)]
    private static partial int getpwnam_r(byte* name, Password* record, byte* buffer, nuint length, Password** result);

    [LibraryImport(C)]
    private static partial int getgrgid_r(uint id, Group* record, byte* buffer, nuint length, Group** result);

    [LibraryImport(C)]
    private static partial int getgrnam_r(byte* name, Group* record, byte* buffer, nuint length, Group** result);

    /// <summary><c>struct passwd</c> (pwd.h) on 64-bit systems; glibc and musl agree.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 48)]
    private struct Password
    {
        [FieldOffset(0)] internal byte* Name;
        [FieldOffset(16)] internal uint UserId;
    }

    /// <summary><c>struct group</c> (grp.h) on 64-bit systems; glibc and musl agree.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 32)]
    private struct Group
    {
        [FieldOffset(0)] internal byte* Name;
        [FieldOffset(16)] internal uint GroupId;
    }
}
