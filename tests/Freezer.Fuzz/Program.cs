using System.Globalization;
using Freezer.Fuzz;

// freezer-fuzz CORPUS TARGET|all SECONDS [SEED]: feeds parsers with changed inputs. A finding is written beside the corpus, in findings/, and ends the run of its target.
if (args.Length is not (3 or 4))
{
    Console.Error.WriteLine("usage: Freezer.Fuzz CORPUS TARGET|all SECONDS [SEED]");
    return 2;
}

var corpus = new Corpus(args[0]);
var duration = TimeSpan.FromSeconds(int.Parse(args[2], CultureInfo.InvariantCulture));
int seed = args.Length == 4 ? int.Parse(args[3], CultureInfo.InvariantCulture) : Environment.TickCount;
int findings = 0;
foreach (FuzzTarget target in FuzzTargets.All)
{
    if (args[1] == "all" || args[1] == target.Name)
    {
        findings += new FuzzRun(target, corpus, Path.Combine(args[0], "..", "findings"), seed).Run(duration) ? 0 : 1;
    }
}

return findings == 0 ? 0 : 1;
