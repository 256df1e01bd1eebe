// Decrypts one object of an encrypted repository, with the base class library alone: docs/formats.md is all that was needed to write this.
//
//     decryptor STORE (--passphrase-file FILE | --key-file FILE) OBJECT > PLAIN
//
// STORE is the directory of a FileStorage, or a copy of any storage; OBJECT a path in it, such as data/tar/NAME/CHAIN/LEVEL_TIME/data, which
// then is what zstd, gzip or tar read. Of a metadata document it is the whole document that is written.
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

const int KeySize = 32;
const int CheckSize = 32;
const int HeaderSize = 40;
const int NoncePrefixSize = 7;
const int TagSize = 16;
const int SegmentSize = 1 << 20;
const int LeastRounds = 600_000;

// What a repair stored lies in a folder of this name and the repair's number; its document has that name.
const string Repair = "repair-";

// The roles of what is encrypted, as they stand in its associated data.
const int Details = 4;
const int RepositoryKey = 5;
const int DataKey = 6;

if (args is not [var store, "--passphrase-file" or "--key-file", var keyFile, var path] || path.Split('/') is not { Length: 6 or 7 } segments)
{
    Console.Error.WriteLine("usage: decryptor STORE (--passphrase-file FILE | --key-file FILE) OBJECT > PLAIN");
    return 2;
}

try
{
    // 1. One of the slots holds the repository's key, wrapped by the key that was given.
    byte[] repositoryKey = OpenSlot(isPassphrase: args[1] == "--passphrase-file");

    // 2. The metadata document names the data key, and vouches for what stands in it with an HMAC at its end.
    bool isDocument = segments[0] == "metadata";
    byte[] document = File.ReadAllBytes(Path.Combine([store, "metadata", .. segments[1..5], isDocument ? segments[5] : "metadata"]));
    JsonElement metadata = JsonDocument.Parse(document).RootElement;
    Guid id = metadata.GetProperty("id").GetGuid();
    Guid dataKeyId = metadata.GetProperty("data_key").GetGuid();
    byte[] dataKey = Decrypt(repositoryKey, AssociatedData(dataKeyId, DataKey), File.ReadAllBytes(Path.Combine(store, "data-keys", dataKeyId.ToString("N"))));
    CheckMac(document, dataKey);

    // 3. The object is one encrypted stream; what it is, and of which backup, is its associated data.
    int part = segments[5].StartsWith(Repair, StringComparison.Ordinal) ? int.Parse(segments[5].AsSpan(Repair.Length), CultureInfo.InvariantCulture) : 0;
    using Stream output = Console.OpenStandardOutput();
    if (isDocument)
    {
        output.Write(Decrypt(dataKey, AssociatedData(id, Details, part), metadata.GetProperty("sealed").GetBytesFromBase64()));
        return 0;
    }

    int role = segments[^1] switch
    {
        "data" => 1,
        "engine_metadata" => 2,
        "index" => 3,
        _ => throw new InvalidDataException($"{path} is not an object that is encrypted."),
    };
    using FileStream stored = File.OpenRead(Path.Combine([store, .. segments]));
    DecryptStream(dataKey, AssociatedData(id, role, part), stored, output);
    return 0;
}
catch (Exception exception) when (exception is IOException or CryptographicException or InvalidDataException or JsonException or KeyNotFoundException
    or FormatException or InvalidOperationException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"decryptor: {exception.Message}");
    return 1;
}

byte[] OpenSlot(bool isPassphrase)
{
    byte[] given = File.ReadAllBytes(keyFile);
    foreach (string file in Directory.GetFiles(Path.Combine(store, "keys")))
    {
        JsonElement slot = JsonDocument.Parse(File.ReadAllBytes(file)).RootElement;
        if (slot.GetProperty("kind").GetString() != (isPassphrase ? "passphrase" : "raw"))
        {
            continue;
        }

        // A passphrase is the first line of its file, without its end.
        byte[] wrappingKey = isPassphrase ? DeriveFrom(Encoding.UTF8.GetBytes(File.ReadLines(keyFile).First()), slot.GetProperty("parameters")) : given;
        byte[] wrapped = slot.GetProperty("wrapped").GetBytesFromBase64();
        byte[] check = HKDF.DeriveKey(HashAlgorithmName.SHA256, wrappingKey, CheckSize, salt: [], "freezer key check"u8.ToArray());
        if (CryptographicOperations.FixedTimeEquals(check, wrapped.AsSpan(0, CheckSize)))
        {
            return Decrypt(wrappingKey, AssociatedData(Guid.Empty, RepositoryKey), wrapped[CheckSize..]);
        }
    }

    throw new InvalidDataException("This key opens no slot of the repository.");
}

static byte[] DeriveFrom(byte[] passphrase, JsonElement parameters)
{
    int rounds = int.Parse(parameters.GetProperty("rounds").GetString()!, CultureInfo.InvariantCulture);
    return rounds < LeastRounds ? throw new InvalidDataException($"A slot has only {rounds} rounds.")
        : Rfc2898DeriveBytes.Pbkdf2(passphrase, Convert.FromBase64String(parameters.GetProperty("salt").GetString()!), rounds, HashAlgorithmName.SHA256, KeySize);
}

static byte[] AssociatedData(Guid id, int role, int part = 0)
{
    byte[] data = new byte[28];
    BinaryPrimitives.WriteInt32LittleEndian(data, 1);
    id.TryWriteBytes(data.AsSpan(4), bigEndian: true, out _);
    BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(20), role);
    BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(24), part);
    return data;
}

static void CheckMac(byte[] document, byte[] dataKey)
{
    int end = document.AsSpan().LastIndexOf(",\"hmac_sha256\":"u8);
    byte[] macKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, dataKey, KeySize, salt: [], "freezer metadata mac"u8.ToArray());
    string member = $",\"hmac_sha256\":\"{Convert.ToHexStringLower(HMACSHA256.HashData(macKey, document.AsSpan(0, Math.Max(end, 0))))}\"}}";
    if (end < 0 || !document.AsSpan(end).SequenceEqual(Encoding.ASCII.GetBytes(member)))
    {
        throw new InvalidDataException("The metadata document was altered.");
    }
}

static byte[] Decrypt(byte[] mainKey, byte[] associatedData, byte[] stored)
{
    var plain = new MemoryStream();
    DecryptStream(mainKey, associatedData, new MemoryStream(stored), plain);
    return plain.ToArray();
}

// AES-GCM-HKDF streaming AEAD, as Tink specifies it.
static void DecryptStream(byte[] mainKey, byte[] associatedData, Stream stored, Stream plain)
{
    byte[] header = new byte[HeaderSize];
    stored.ReadExactly(header);
    byte[] key = HKDF.DeriveKey(HashAlgorithmName.SHA256, mainKey, KeySize, header[1..(1 + KeySize)], associatedData);
    using var aes = new AesGcm(key, TagSize);
    byte[] nonce = [.. header[^NoncePrefixSize..], 0, 0, 0, 0, 0];
    byte[] segment = new byte[SegmentSize];
    byte[] content = new byte[SegmentSize];
    for (uint number = 0; ; number++)
    {
        // The header belongs to the first segment's place.
        int wanted = SegmentSize - (number == 0 ? HeaderSize : 0);
        int length = stored.ReadAtLeast(segment.AsSpan(0, wanted), wanted, throwOnEndOfStream: false);
        bool isLast = stored.Position == stored.Length;
        if (length < TagSize)
        {
            throw new InvalidDataException("The object was cut off.");
        }

        BinaryPrimitives.WriteUInt32BigEndian(nonce.AsSpan(NoncePrefixSize), number);
        nonce[^1] = isLast ? (byte)1 : (byte)0;
        Span<byte> piece = content.AsSpan(0, length - TagSize);
        aes.Decrypt(nonce, segment.AsSpan(0, piece.Length), segment.AsSpan(piece.Length, TagSize), piece);
        plain.Write(piece);
        if (isLast)
        {
            return;
        }
    }
}
