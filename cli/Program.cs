using System.CommandLine;
using System.Text;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;

// Always UTF-8, because answers are often Chinese and the console's default encoding may not hold them.
UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false);
using StreamWriter output = new(StandardStream.OpenOutput(), utf8, bufferSize: 16 * 1024) { AutoFlush = !Console.IsOutputRedirected };
using StreamWriter error = new(StandardStream.OpenError(), utf8) { AutoFlush = true };
return await CommandLineRunner.RunAsync(args, new InvocationConfiguration { Output = output, Error = error });
