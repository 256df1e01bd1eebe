using Freezer.S3Throughput;

// One way of moving bytes a process, so that the memory that is measured is its own; the script run takes the time.
var bucket = Bucket.OfEnvironment();
switch (args)
{
    case ["make"]:
        await bucket.MakeAsync();
        return 0;
    case ["clear"]:
        await bucket.ClearAsync();
        return 0;
    case ["remove"]:
        await bucket.RemoveAsync();
        return 0;
    case ["write", string key]:
        await Ways.WriteAsync(bucket, key, Console.OpenStandardInput());
        return 0;
    case ["backup", string file]:
        await Ways.BackupAsync(bucket, file);
        return 0;
    case ["utility", string key, string file]:
        await Ways.UploadByTransferUtilityAsync(bucket, key, file);
        return 0;
    case ["read", string key]:
        await Ways.ReadAsync(bucket, key, Console.OpenStandardOutput());
        return 0;
    case ["get", string key]:
        await Ways.GetAsync(bucket, key, Console.OpenStandardOutput());
        return 0;
    default:
        Console.Error.WriteLine("Usage: make | clear | remove | write KEY <FILE | backup FILE | utility KEY FILE | read KEY >FILE | get KEY >FILE");
        return 2;
}
