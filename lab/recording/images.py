"""Version information and hashes of the programs that occur, as a sensor reads them from the files."""

import hashlib
from functools import cache

_WINDOWS = ("Microsoft® Windows® Operating System", "Microsoft Corporation", "10.0.19041.3636 (WinBuild.160101.0800)")
_KNOWN = {
    "powershell.exe": ("Windows PowerShell", *_WINDOWS, "PowerShell.EXE"),
    "cmd.exe": ("Windows Command Processor", *_WINDOWS, "Cmd.Exe"),
    "rundll32.exe": ("Windows host process (Rundll32)", *_WINDOWS, "RUNDLL32.EXE"),
    "svchost.exe": ("Host Process for Windows Services", *_WINDOWS, "svchost.exe"),
    "explorer.exe": ("Windows Explorer", *_WINDOWS, "EXPLORER.EXE"),
    "whoami.exe": ("whoami - displays logged on user information", *_WINDOWS, "whoami.exe"),
    "net.exe": ("Net Command", *_WINDOWS, "net.exe"),
    "net1.exe": ("Net Command", *_WINDOWS, "net1.exe"),
    "nltest.exe": ("Microsoft® Logon Server Test Utility", *_WINDOWS, "nltestrk.exe"),
    "ipconfig.exe": ("IP Configuration Utility", *_WINDOWS, "ipconfig.exe"),
    "systeminfo.exe": ("Displays system information", *_WINDOWS, "sysinfo.exe"),
    "fodhelper.exe": ("Features On Demand Helper", *_WINDOWS, "FodHelper.EXE"),
    "psexec64.exe": (
        "Execute processes remotely",
        "Sysinternals PsExec",
        "Sysinternals - www.sysinternals.com",
        "2.43",
        "psexec.c",
    ),
    "psexesvc.exe": (
        "PsExec Service",
        "Sysinternals PsExec",
        "Sysinternals - www.sysinternals.com",
        "2.43",
        "psexesvc.exe",
    ),
    "msedge.exe": ("Microsoft Edge", "Microsoft Edge", "Microsoft Corporation", "124.0.2478.80", "msedge.exe"),
    "outlook.exe": (
        "Microsoft Outlook",
        "Microsoft Office",
        "Microsoft Corporation",
        "16.0.17531.20152",
        "Outlook.exe",
    ),
    "excel.exe": ("Microsoft Excel", "Microsoft Office", "Microsoft Corporation", "16.0.17531.20152", "Excel.exe"),
    "winword.exe": ("Microsoft Word", "Microsoft Office", "Microsoft Corporation", "16.0.17531.20152", "WinWord.exe"),
    "chatter.exe": ("Chatter", "Chatter", "Chatter Ltd", "4.12.0", "chatter.exe"),
    "fleetagent.exe": ("Fleet Agent", "Fleet Manager", "Harbour Systems", "7.3.1", "fleetagent.exe"),
    "fleetserver.exe": ("Fleet Server", "Fleet Manager", "Harbour Systems", "7.3.1", "fleetserver.exe"),
    "vaultbackup.exe": ("Vault Backup", "Vault Backup", "Harbour Systems", "11.0.2", "vaultbackup.exe"),
    "shieldav.exe": ("Shield Antivirus Service", "Shield Antivirus", "Northgate Security", "22.1.9", "shieldav.exe"),
    "pdfviewersetup.exe": ("PDF Viewer Setup", "PDF Viewer", "PDF Viewer GmbH", "9.4.0.1", "setup.exe"),
}


@cache
def hashes(name: str) -> str:
    """Return the hash field of a file: the same file, the same hashes, on every machine."""
    seed = name.lower().encode()
    digests = {
        "SHA1": hashlib.sha1(seed, usedforsecurity=False).hexdigest(),
        "MD5": hashlib.md5(seed, usedforsecurity=False).hexdigest(),
        "SHA256": hashlib.sha256(seed).hexdigest(),
        "IMPHASH": hashlib.md5(seed + b"/imports", usedforsecurity=False).hexdigest(),
    }
    return ",".join(f"{kind}={value.upper()}" for kind, value in digests.items())


@cache
def version(name: str, in_windows: bool) -> dict[str, str]:
    """Return the version fields of a program; ``-`` where the file carries none."""
    fallback = (name, *_WINDOWS, name) if in_windows else ("-",) * 5
    description, product, company, number, original = _KNOWN.get(name.lower(), fallback)
    return {
        "FileVersion": number,
        "Description": description,
        "Product": product,
        "Company": company,
        "OriginalFileName": original,
    }
