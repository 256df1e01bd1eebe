namespace Freezer.Platform;

/// <summary>What a name in a directory stands for.</summary>
internal enum FileKind : byte
{
    Unknown,
    Regular,
    Directory,
    SymbolicLink,
    Fifo,
    CharacterDevice,
    BlockDevice,
    Socket,
}
