using Freezer.Cli;

return await FreezerCommand.RunAsync(args);
