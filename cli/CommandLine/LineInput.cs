using System.CommandLine;
using System.Text;
using HunyuanOrleans.Cli.Output;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Lines a user types, with a prompt and hints where a person watches, or lines of a pipe, without any.</summary>
internal sealed class LineInput
{
    private readonly TextWriter _output;
    private readonly StreamReader? _pipe;
    private readonly bool _watched;

    /// <summary>Reads the standard input and prompts on <paramref name="streams"/>.</summary>
    public LineInput(InvocationConfiguration streams)
    {
        _output = streams.Output;
        _pipe = Console.IsInputRedirected ? new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false)) : null;
        _watched = _pipe is null && !Console.IsOutputRedirected;
    }

    /// <summary>The next line; null at the end of the input.</summary>
    public string? Read()
    {
        if (_pipe is not null)
        {
            return _pipe.ReadLine();
        }

        using InterruptHandler interrupt = new();
        using CancellationTokenRegistration hint = interrupt.Token.Register(() => WriteHint("\nCtrl-C again, or Ctrl-D, leaves."));
        if (_watched)
        {
            _output.Write(TerminalFeatures.IsInteractive ? "\u001b[1m>\u001b[0m " : "> ");
            _output.Flush();
        }

        return Console.ReadLine();
    }

    /// <summary>Says something to a person, nothing to a pipe.</summary>
    public void WriteHint(string text)
    {
        if (_watched)
        {
            _output.WriteLine(text);
            _output.Flush();
        }
    }
}
